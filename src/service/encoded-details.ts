import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { LRUCache } from "lru-cache";
import { AlignmentDetails } from "../../generated/ts/synergos/archive/v1/alignment.js";
import { CollaborationDetails } from "../../generated/ts/synergos/archive/v1/collaboration.js";
import { ExperimentDetails } from "../../generated/ts/synergos/archive/v1/experiment.js";
import { MLFlowDetails } from "../../generated/ts/synergos/archive/v1/mlflow.js";
import { ModelDetails } from "../../generated/ts/synergos/archive/v1/model.js";
import { ParticipantDetails } from "../../generated/ts/synergos/archive/v1/participant.js";
import { PredictionDetails } from "../../generated/ts/synergos/archive/v1/prediction.js";
import { ProjectDetails } from "../../generated/ts/synergos/archive/v1/project.js";
import { RegistrationDetails } from "../../generated/ts/synergos/archive/v1/registration.js";
import { RunDetails } from "../../generated/ts/synergos/archive/v1/run.js";
import { TagDetails } from "../../generated/ts/synergos/archive/v1/tag.js";
import { ValidationDetails } from "../../generated/ts/synergos/archive/v1/validation.js";
import { StoredDetails } from "../archive/record-message.js";
import { limits } from "../limits.js";
import type { RecordName } from "../records/hierarchy.js";
import type { Message } from "../records/message-shape.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { Encoder } from "./encode.js";
import type { Codec } from "./service-binding.js";

/** The codec of each type's details. One that lacks does not compile. */
const codecs: { readonly [Name in RecordName as `${Name}Details`]: Pick<Codec<never>, "encode"> } = {
  AlignmentDetails,
  CollaborationDetails,
  ExperimentDetails,
  MLFlowDetails,
  ModelDetails,
  ParticipantDetails,
  PredictionDetails,
  ProjectDetails,
  RegistrationDetails,
  RunDetails,
  TagDetails,
  ValidationDetails,
};

interface Entry {
  readonly type: RecordType;
  readonly recordId: number;
  /** How many characters the details have as they are stored. */
  readonly stored: number;
  readonly bytes: Uint8Array;
}

/** What an entry takes beside its bytes. */
const bytesOfEntry = 300;

/**
 * The encodings of details that were sent lately, by etag. Reading JSON and encoding it again is half of the work of a
 * list. None can be wrong: each change of a record, on whatever copy of the service, gives it another etag of 64 random
 * bits, and so does a create after a delete, which also gives another record_id. Somebody who changed details by SQL and
 * left the etag would have to keep their length too.
 */
const cache = new LRUCache<string, Entry>({
  maxSize: limits.bytesOfEncodedDetails,
  sizeCalculation: ({ bytes }) => bytes.length + bytesOfEntry,
});

/** Of its own: what is encoded here is part of a message in the making. */
const encoder = new Encoder();

/** Details that are read for the first time are kept, unless they are large or one of many that pass once. */
function encodingOf(stored: StoredDetails, encode: Encode): Uint8Array {
  const { type, recordId, etag, details } = stored.record;
  const found = cache.get(etag);
  if (found && found.recordId === recordId && found.stored === details.length && found.type === type)
    return found.bytes;
  const bytes = encoder.encode({ encode }, stored.decoded());
  if (!stored.passing && bytes.length <= limits.bytesOfKeptDetails) {
    cache.set(etag, { type, recordId, stored: details.length, bytes });
  }
  return bytes;
}

type Encode = (message: Message, writer?: BinaryWriter) => BinaryWriter;

/** How generated code writes each type's details. */
const generated = new Map(recordTypes.map((type) => [type, codecs[`${type.name}Details`].encode as Encode]));

/** Has stored details written as they were encoded before, by whatever message they are part of. */
export function encodeDetailsOnce(): void {
  for (const [type, encode] of generated) {
    const once: Encode = (details, writer = new BinaryWriter()) =>
      details instanceof StoredDetails ? writer.raw(encodingOf(details, encode)) : encode(details, writer);
    Object.assign(codecs[`${type.name}Details`], { encode: once });
  }
}
