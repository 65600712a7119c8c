import type { AlignmentDetails } from "../../generated/ts/synergos/archive/v1/alignment.js";
import type { ComponentPorts } from "../../generated/ts/synergos/archive/v1/collaboration.js";
import type { Layer } from "../../generated/ts/synergos/archive/v1/experiment.js";
import type { Statistic } from "../../generated/ts/synergos/archive/v1/inference_result.js";
import type { MLFlowDetails } from "../../generated/ts/synergos/archive/v1/mlflow.js";
import type { ModelDetails } from "../../generated/ts/synergos/archive/v1/model.js";
import type { PredictionDetails } from "../../generated/ts/synergos/archive/v1/prediction.js";
import type { ProjectDetails } from "../../generated/ts/synergos/archive/v1/project.js";
import type { Node, RegistrationDetails } from "../../generated/ts/synergos/archive/v1/registration.js";
import type { TagDetails } from "../../generated/ts/synergos/archive/v1/tag.js";
import type { ValidationDetails } from "../../generated/ts/synergos/archive/v1/validation.js";
import { layerParameters } from "./layer-parameters.js";

/** What must hold of a field beyond its type in proto. */
export interface FieldRules {
  readonly required?: true;
  /** The least and the greatest number, both included. */
  readonly range?: readonly [number, number];
  /** Which keys a map may have, and how to say so. */
  readonly keys?: { readonly pattern: RegExp; readonly text: string };
  /** A key that a map must have. */
  readonly requiredKey?: string;
  /** The types that members of a Struct must have, by their names. Other members are free. */
  readonly memberTypes?: ReadonlyMap<string, readonly string[]>;
}

/** The messages that have rules, by their names. */
interface RuledMessages {
  AlignmentDetails: AlignmentDetails;
  ComponentPorts: ComponentPorts;
  Layer: Layer;
  MLFlowDetails: MLFlowDetails;
  ModelDetails: ModelDetails;
  Node: Node;
  PredictionDetails: PredictionDetails;
  ProjectDetails: ProjectDetails;
  RegistrationDetails: RegistrationDetails;
  Statistic: Statistic;
  TagDetails: TagDetails;
  ValidationDetails: ValidationDetails;
}

/** Rules by message, and by field or oneof. A name that the messages do not have does not compile. */
export type Rules = {
  readonly [Name in keyof RuledMessages]: { readonly [Field in keyof RuledMessages[Name]]?: FieldRules };
};

const required: FieldRules = { required: true };
const port: FieldRules = { range: [0, 65535] };
const results: FieldRules = { keys: { pattern: /^(train|evaluate|predict)$/, text: "train, evaluate or predict" } };

/** The rules of all fields that have some. */
export const rules: Rules = {
  ComponentPorts: { main: port, ui: port, sysmetrics: port, director: port, ttp: port, worker: port },
  ProjectDetails: { incentives: required },
  Layer: { is_input: required, l_type: required, structure: { memberTypes: layerParameters } },
  RegistrationDetails: {
    role: required,
    n_count: required,
    nodes: { keys: { pattern: /^node_(0|[1-9][0-9]*)$/, text: "node_0, node_1, …" }, requiredKey: "node_0" },
  },
  Node: { port, f_port: port },
  TagDetails: { train: required },
  AlignmentDetails: { train: required },
  ModelDetails: {
    global: required,
    locals: { keys: { pattern: /^local_(0|[1-9][0-9]*)$/, text: "local_1, local_2, …" } },
  },
  ValidationDetails: { results },
  PredictionDetails: { results },
  Statistic: { value: required },
  MLFlowDetails: { mlflow_type: required, mlflow_id: required, mlflow_uri: required },
};

const byMessage: Readonly<Record<string, Readonly<Record<string, FieldRules>>>> = rules;
const none: FieldRules = {};

/** The rules of a field, or of a oneof, of a message. */
export const rulesOf = (message: string, field: string): FieldRules => byMessage[message]?.[field] ?? none;
