import { AlignmentServiceService } from "../../generated/ts/synergos/archive/v1/alignment_service.js";
import { CollaborationServiceService } from "../../generated/ts/synergos/archive/v1/collaboration_service.js";
import { ExperimentServiceService } from "../../generated/ts/synergos/archive/v1/experiment_service.js";
import { MLFlowServiceService } from "../../generated/ts/synergos/archive/v1/mlflow_service.js";
import { ModelServiceService } from "../../generated/ts/synergos/archive/v1/model_service.js";
import { ParticipantServiceService } from "../../generated/ts/synergos/archive/v1/participant_service.js";
import { PredictionServiceService } from "../../generated/ts/synergos/archive/v1/prediction_service.js";
import { ProjectServiceService } from "../../generated/ts/synergos/archive/v1/project_service.js";
import { RegistrationServiceService } from "../../generated/ts/synergos/archive/v1/registration_service.js";
import { RunServiceService } from "../../generated/ts/synergos/archive/v1/run_service.js";
import { TagServiceService } from "../../generated/ts/synergos/archive/v1/tag_service.js";
import { ValidationServiceService } from "../../generated/ts/synergos/archive/v1/validation_service.js";
import type { RecordKey, RecordName } from "../records/hierarchy.js";
import { bindServices } from "./service-binding.js";

/** The generated service of each record type. One of another type, or of other keys, does not compile. */
export const bindings = bindServices<{ [Name in RecordName]: RecordKey<Name> }>()({
  Alignment: AlignmentServiceService,
  Collaboration: CollaborationServiceService,
  Experiment: ExperimentServiceService,
  MLFlow: MLFlowServiceService,
  Model: ModelServiceService,
  Participant: ParticipantServiceService,
  Prediction: PredictionServiceService,
  Project: ProjectServiceService,
  Registration: RegistrationServiceService,
  Run: RunServiceService,
  Tag: TagServiceService,
  Validation: ValidationServiceService,
});
