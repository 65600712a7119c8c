import { type Archive, MlflowType, type RecordName, Role } from "../src/index.js";

const project = { collab_id: "c", project_id: "p/ä_>_%" };
const run = { ...project, expt_id: "e", run_id: "r" };
const participant = { participant_id: "worker 1" };

type Requests = { readonly [Name in RecordName]: Parameters<Archive[Name]["create"]>[0] };

/** A record of each type, parents first. */
export const sampleRecords = {
  collaboration: { key: { collab_id: "c" }, details: { logs: { host: "h", ports: { main: 9000 } } } },
  project: { key: project, details: { incentives: { tier_1: [{ rank: 1, share: 0.5 }], tier_2: null } } },
  experiment: {
    key: { ...project, expt_id: "e" },
    details: { model: [{ is_input: true, l_type: "Linear", structure: { bias: true, in_features: 28 } }] },
  },
  run: { key: run, details: { epochs: 2, seed: 2n ** 60n, lr: 0.1, attributes: { betas: [0.9, 0.999] } } },
  model: { key: run, details: { global: { origin: "ttp" }, locals: { local_1: { origin: "worker_1" } } } },
  participant: { key: participant, details: { category: ["health"], summary: "" } },
  validation: {
    key: { ...run, ...participant },
    details: {
      results: {
        evaluate: {
          statistics: {
            R2: { value: { $case: "scalar", value: Number.NaN } },
            TPs: { value: { $case: "counts", value: { values: [0, 22] } } },
          },
        },
      },
    },
  },
  prediction: { key: { ...run, ...participant }, details: { results: { predict: { res_path: "/p" } } } },
  registration: {
    key: { ...project, ...participant },
    details: { role: Role.ROLE_HOST, n_count: 1, nodes: { node_0: { host: "h", port: 1 } } },
  },
  tag: { key: { ...project, ...participant }, details: { train: { tags: [{ tokens: ["a", "b"] }] }, predict: {} } },
  alignment: { key: { ...project, ...participant }, details: { train: { X: [0, 2], y: [] } } },
  mlflow: {
    key: { collaboration: "c", project: "p", record: "e", name: "n" },
    details: { mlflow_type: MlflowType.MLFLOW_TYPE_RUN, mlflow_id: "1", mlflow_uri: "/mlflow" },
  },
} satisfies Requests;

export const recordNames = Object.keys(sampleRecords) as readonly RecordName[];

interface AnyRecordFields {
  readonly key: object | undefined;
  readonly details: object | undefined;
  readonly record_id: bigint;
  readonly etag: string;
}

/** What all record clients have in common, for loops over them. */
export interface AnyRecordClient {
  create(request: object): Promise<AnyRecordFields>;
  get(request: object): Promise<AnyRecordFields>;
  list(request?: object): AsyncIterable<AnyRecordFields>;
  listPage(request?: object): Promise<{ records: readonly AnyRecordFields[]; total_size?: number | undefined }>;
  update(request: object): Promise<AnyRecordFields>;
  upsert(request: object): Promise<AnyRecordFields>;
  delete(request: object): Promise<{ readonly record: object | undefined; readonly deleted: readonly object[] }>;
}

export const clientOf = (archive: Archive, name: RecordName): AnyRecordClient => archive[name];
