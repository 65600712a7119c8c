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

const required: FieldRules = { required: true };
const port: FieldRules = { range: [0, 65535] };
const results: FieldRules = { keys: { pattern: /^(train|evaluate|predict)$/, text: "train, evaluate or predict" } };

/** The rules of all fields that have some, by message and field. */
export const rules: Readonly<Record<string, FieldRules>> = {
  "ComponentPorts.main": port,
  "ComponentPorts.ui": port,
  "ComponentPorts.sysmetrics": port,
  "ComponentPorts.director": port,
  "ComponentPorts.ttp": port,
  "ComponentPorts.worker": port,
  "ProjectDetails.incentives": required,
  "Layer.is_input": required,
  "Layer.l_type": required,
  "Layer.structure": { memberTypes: layerParameters },
  "RegistrationDetails.role": required,
  "RegistrationDetails.n_count": required,
  "RegistrationDetails.nodes": {
    keys: { pattern: /^node_(0|[1-9][0-9]*)$/, text: "node_0, node_1, …" },
    requiredKey: "node_0",
  },
  "Node.port": port,
  "Node.f_port": port,
  "TagDetails.train": required,
  "AlignmentDetails.train": required,
  "ModelDetails.global": required,
  "ModelDetails.locals": { keys: { pattern: /^local_(0|[1-9][0-9]*)$/, text: "local_1, local_2, …" } },
  "ValidationDetails.results": results,
  "PredictionDetails.results": results,
  "Statistic.value": required,
  "MLFlowDetails.mlflow_type": required,
  "MLFlowDetails.mlflow_id": required,
  "MLFlowDetails.mlflow_uri": required,
};
