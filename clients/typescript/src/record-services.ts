import * as alignment from "../../../generated/ts/synergos/archive/v1/alignment_service.js";
import * as collaboration from "../../../generated/ts/synergos/archive/v1/collaboration_service.js";
import * as experiment from "../../../generated/ts/synergos/archive/v1/experiment_service.js";
import * as mlflow from "../../../generated/ts/synergos/archive/v1/mlflow_service.js";
import * as model from "../../../generated/ts/synergos/archive/v1/model_service.js";
import * as participant from "../../../generated/ts/synergos/archive/v1/participant_service.js";
import * as prediction from "../../../generated/ts/synergos/archive/v1/prediction_service.js";
import * as project from "../../../generated/ts/synergos/archive/v1/project_service.js";
import type { ArchiveKey, ArchiveRecord } from "../../../generated/ts/synergos/archive/v1/records.js";
import * as registration from "../../../generated/ts/synergos/archive/v1/registration_service.js";
import * as run from "../../../generated/ts/synergos/archive/v1/run_service.js";
import * as tag from "../../../generated/ts/synergos/archive/v1/tag_service.js";
import * as validation from "../../../generated/ts/synergos/archive/v1/validation_service.js";

/** A record of any type, by `$case`. */
export type AnyRecord = NonNullable<ArchiveRecord["record"]>;

/** The record types, by the names that they have in ArchiveRecord. */
export type RecordName = AnyRecord["$case"];

/** A record of a type. */
export type RecordOf<Name extends RecordName> = Extract<AnyRecord, { readonly $case: Name }>["value"];

/** The key of a record of a type. */
export type KeyOf<Name extends RecordName> = Extract<ArchiveKey["key"], { readonly $case: Name }>["value"];

/** The generated service of each record type. All that the client knows of the types follows from it. */
export const recordServices = {
  collaboration,
  project,
  experiment,
  run,
  model,
  validation,
  prediction,
  participant,
  registration,
  tag,
  alignment,
  mlflow,
} satisfies Readonly<Record<RecordName, object>>;
