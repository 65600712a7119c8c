import { AlignmentServiceDefinition } from "../../generated/ts/synergos/archive/v1/alignment_service.js";
import { CollaborationServiceDefinition } from "../../generated/ts/synergos/archive/v1/collaboration_service.js";
import { ExperimentServiceDefinition } from "../../generated/ts/synergos/archive/v1/experiment_service.js";
import { MLFlowServiceDefinition } from "../../generated/ts/synergos/archive/v1/mlflow_service.js";
import { ModelServiceDefinition } from "../../generated/ts/synergos/archive/v1/model_service.js";
import { ParticipantServiceDefinition } from "../../generated/ts/synergos/archive/v1/participant_service.js";
import { PredictionServiceDefinition } from "../../generated/ts/synergos/archive/v1/prediction_service.js";
import { ProjectServiceDefinition } from "../../generated/ts/synergos/archive/v1/project_service.js";
import { RegistrationServiceDefinition } from "../../generated/ts/synergos/archive/v1/registration_service.js";
import { RunServiceDefinition } from "../../generated/ts/synergos/archive/v1/run_service.js";
import { TagServiceDefinition } from "../../generated/ts/synergos/archive/v1/tag_service.js";
import { ValidationServiceDefinition } from "../../generated/ts/synergos/archive/v1/validation_service.js";
import type { RecordKey, RecordName } from "../records/hierarchy.js";
import { bindServices } from "./service-binding.js";

/** The generated service of each record type. One of another type, or of other keys, does not compile. */
export const bindings = bindServices<{ [Name in RecordName]: RecordKey<Name> }>()({
  Alignment: AlignmentServiceDefinition,
  Collaboration: CollaborationServiceDefinition,
  Experiment: ExperimentServiceDefinition,
  MLFlow: MLFlowServiceDefinition,
  Model: ModelServiceDefinition,
  Participant: ParticipantServiceDefinition,
  Prediction: PredictionServiceDefinition,
  Project: ProjectServiceDefinition,
  Registration: RegistrationServiceDefinition,
  Run: RunServiceDefinition,
  Tag: TagServiceDefinition,
  Validation: ValidationServiceDefinition,
});
