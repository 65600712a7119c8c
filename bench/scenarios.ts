import { ChannelCredentials, Client } from "@grpc/grpc-js";
import { CollaborationServiceService } from "../generated/ts/synergos/archive/v1/collaboration_service.js";
import { ExperimentServiceService } from "../generated/ts/synergos/archive/v1/experiment_service.js";
import { ModelServiceService } from "../generated/ts/synergos/archive/v1/model_service.js";
import { View } from "../generated/ts/synergos/archive/v1/options.js";
import { ProjectServiceService } from "../generated/ts/synergos/archive/v1/project_service.js";
import { RegistrationServiceService } from "../generated/ts/synergos/archive/v1/registration_service.js";
import { RunServiceService } from "../generated/ts/synergos/archive/v1/run_service.js";
import { detailsShape } from "../src/archive/record-message.js";
import type { FieldViolation } from "../src/records/field-violation.js";
import type { Message } from "../src/records/message-shape.js";
import { fromPayload } from "../src/records/payload.js";
import { recordType } from "../src/records/record-type.js";
import { detailsOf, fill, fillCollaboration, fillRegistrations, id, type Key, runKeys } from "./data.js";
import type { Database } from "./database.js";
import type { Call } from "./load.js";
import type { Server } from "./processes.js";
import { everywhere, type Targets } from "./targets.js";

/** A kind of single call that is measured against the floor. */
export interface Scenario {
  readonly name: string;
  /** How many calls at a time. */
  readonly concurrency: readonly number[];
  /** How many calls at a time in a run that is quick: not measured there, unless it says so. */
  readonly quick?: readonly number[];
  /** The calls of one round, of which every round has others: so many that it does not run out of them. */
  calls(round: number, most: number): readonly Call[];
  /** Whether the calls can be made again and again. */
  readonly repeat: boolean;
  /** What must be there before a round. */
  prepare?(database: Database, round: number, most: number): Promise<void>;
  /** Whether `PROFILE=1` profiles it. */
  readonly profiled?: boolean;
  /** Whether the floor's answers must be the archive's. */
  readonly same: boolean;
  /** What is asked for. */
  readonly targets?: Targets;
}

interface Method {
  readonly path: string;
  requestSerialize(request: never): Buffer;
}

/** The number of a round that has not been before, so that no key is made twice. */
export const nextRound = (): number => roundsSoFar++;
let roundsSoFar = 0;

/** A call with a request. */
export const call = ({ path, requestSerialize }: Method, request: unknown): Call =>
  framed(path, requestSerialize(request as never));

/** A call with a message, framed as gRPC frames it: no compression, the length, the message. */
export function framed(path: string, message: Uint8Array): Call {
  const body = Buffer.alloc(5 + message.length);
  body.writeUInt32BE(message.length, 1);
  body.set(message, 5);
  return { path, body };
}

/** Made once for all scenarios: what they read, and where they write. */
export const reads = "reads";
export const wide = "wide";
export const writes = "writes";

/** The most calls that cannot be made again which a round may make: more than a server answers in so many seconds. */
export const mostOfRound = (seconds: number): number => 20 * Math.ceil(1250 * seconds);

export async function prepareScenarios(database: Database): Promise<void> {
  await fillCollaboration(database, reads, 10, 100);
  await fillRegistrations(database, reads, 10);
  await fillCollaboration(database, wide, 10, 990);
  // Lists and single reads have experiments of their own, so that the project stays as it should be.
  await fillCollaboration(database, "lists", 1, 1000);
  await fillCollaboration(database, writes, 10, 0);
  await fillCollaboration(database, "soak", 1, 0);
  await fillCollaboration(database, "models", 1, 4);
  for (const key of models) await fill(database, "Model", [key], largeModel());
}

/** The keys of models of 2 MB: of checkpoints, as long training makes them. */
const models = runKeys("models", 0, 4);

function largeModel(): Message {
  const epoch = {
    path: "/orchestrator/outputs/collaboration/project/experiment/run/checkpoints/round/epoch/global_model.pt",
    loss_history:
      "/orchestrator/outputs/collaboration/project/experiment/run/checkpoints/round/epoch/loss_history.json",
  };
  const epochs = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`epoch_${index}`, epoch]));
  const checkpoints = Object.fromEntries(Array.from({ length: 85 }, (_, index) => [`round_${index}`, epochs]));
  const violations: FieldViolation[] = [];
  const payload = { global: { origin: "ttp", path: epoch.path, loss_history: epoch.loss_history, checkpoints } };
  const details = fromPayload(detailsShape(recordType("Model")), payload, "details", violations);
  if (violations.length > 0) throw new Error(JSON.stringify(violations));
  return details;
}

/** Throws unless the floor answers what the archive answers, byte for byte, wherever the scenarios say so. */
export async function checkSameAnswers(archive: Server, floor: Server): Promise<void> {
  for (const { name, calls, same } of scenarios) {
    const [first] = same ? calls(0, 0) : [];
    if (!first) continue;
    const [ours, theirs] = await Promise.all([answer(archive.address, first), answer(floor.address, first)]);
    if (!ours.equals(theirs)) throw new Error(`${name}: the floor's answer is another than the archive's`);
  }
}

/** The bytes that a call is answered with. */
async function answer(address: string, { path, body }: Call): Promise<Buffer> {
  const client = new Client(address, ChannelCredentials.createInsecure(), { "grpc.max_receive_message_length": -1 });
  const asIs = (bytes: Buffer) => bytes;
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, asIs, asIs, body.subarray(5), (error, response) =>
        error ? reject(error) : resolve(response as Buffer),
      );
    });
  } finally {
    client.close();
  }
}

const all = [1, 16, 64];
/** Where calls can travel together. */
const loaded = [16, 64];
const project = { collab_id: reads, project_id: "project" };
const listed = { collab_id: "lists", project_id: "project", expt_id: id("expt", 0), id_prefix: "" };
const page = { relation_types: [], page_size: 100, page_token: "", with_total: false };
const update = { update_mask: undefined, allow_missing: false, etag: "" };

export const get = (key: Key, view: View) => call(RunServiceService.getRun, { key, view, relation_types: [] });
export const list = call(RunServiceService.listRun, { ...page, filter: listed, view: View.VIEW_BASIC });
export const create = (key: Key) =>
  call(RunServiceService.createRun, { key, details: detailsOf("Run"), validate_only: false });
export const replace = (key: Key) =>
  call(RunServiceService.updateRun, { ...update, key, details: detailsOf("Run"), allow_missing: true });
const change = (key: Key) =>
  call(RunServiceService.updateRun, {
    ...update,
    key,
    details: { ...detailsOf("Run"), lr: 0.5 },
    update_mask: ["lr"],
  });
export const remove = (key: Key) =>
  call(RunServiceService.deleteRun, { key, etag: "", allow_missing: true, cascade: 0, validate_only: false, view: 0 });
export const readProject = call(ProjectServiceService.getProject, {
  key: project,
  view: View.VIEW_FULL,
  relation_types: [],
});
export const createExperiment = (collab: string, number: number) =>
  call(ExperimentServiceService.createExperiment, {
    key: { collab_id: collab, project_id: "project", expt_id: id("more", number) },
    details: detailsOf("Experiment"),
    validate_only: false,
  });

export const scenarios: readonly Scenario[] = [
  {
    name: "get run, BASIC",
    profiled: true,
    concurrency: all,
    calls: () => runKeys("lists", 0, 1000).map((key) => get(key, View.VIEW_BASIC)),
    repeat: true,
    same: true,
    quick: all,
    targets: { servers: { 1: 0.9, 16: 1, 64: 1.2 }, sqlite: { 1: 0.9, 16: 0.85, 64: 0.85 } },
  },
  {
    name: "get run, FULL",
    concurrency: all,
    calls: () => runKeys("lists", 0, 1000).map((key) => get(key, View.VIEW_FULL)),
    repeat: true,
    same: true,
    targets: everywhere(1 / 1.5),
  },
  {
    name: "get project, FULL (10 experiments, 100 runs, 10 registrations)",
    profiled: true,
    concurrency: all,
    calls: () => [readProject],
    repeat: true,
    same: true,
    quick: [16],
    targets: everywhere(1.2),
  },
  {
    name: "get collaboration, FULL (1,000 records)",
    concurrency: [1, 16],
    calls: () => [
      call(CollaborationServiceService.getCollaboration, {
        key: { collab_id: wide },
        view: View.VIEW_FULL,
        relation_types: [],
      }),
    ],
    repeat: true,
    same: true,
    targets: everywhere(1 / 1.5),
  },
  {
    name: "list 100 runs",
    profiled: true,
    concurrency: all,
    calls: () => [list],
    repeat: true,
    same: false,
    quick: [16],
    targets: everywhere(1.2),
  },
  {
    name: "list registrations, FULL (10)",
    concurrency: all,
    calls: () => [
      call(RegistrationServiceService.listRegistration, {
        ...page,
        filter: { ...project, id_prefix: "" },
        view: View.VIEW_FULL,
      }),
    ],
    repeat: true,
    same: true,
    quick: [16],
    targets: everywhere(1.2),
  },
  {
    name: "get model of 2 MB, BASIC",
    concurrency: [1, 16],
    calls: () =>
      models.map((key) => call(ModelServiceService.getModel, { key, view: View.VIEW_BASIC, relation_types: [] })),
    repeat: true,
    same: true,
  },
  {
    name: "create run",
    profiled: true,
    concurrency: all,
    calls: (round, most) => runKeys(writes, 0, most, round * most).map(create),
    repeat: false,
    same: false,
    quick: all,
    targets: { servers: { 1: 0.9, 16: 1.2, 64: 1.7 }, sqlite: { 1: 0.9, 16: 1.5, 64: 2 } },
  },
  {
    name: "replace run (allow_missing)",
    profiled: true,
    concurrency: all,
    calls: () => runKeys("lists", 0, 1000).map(replace),
    repeat: true,
    same: false,
    quick: loaded,
    targets: everywhere(0.9, loaded),
  },
  {
    name: "update run by mask",
    profiled: true,
    concurrency: all,
    calls: () => runKeys("lists", 0, 1000).map(change),
    repeat: true,
    same: false,
    quick: loaded,
    targets: everywhere(0.9, loaded),
  },
  {
    name: "delete run (a leaf)",
    profiled: true,
    concurrency: all,
    prepare: (database, round, most) => fill(database, "Run", runKeys(writes, 1, most / 2, (round * most) / 2)),
    calls: (round, most) => runKeys(writes, 1, most / 2, (round * most) / 2).map(remove),
    repeat: false,
    same: false,
    quick: loaded,
    targets: everywhere(0.9, loaded),
  },
  {
    name: "update ten runs by mask (contention)",
    concurrency: [64],
    calls: () => runKeys("lists", 0, 10).map(change),
    repeat: true,
    same: false,
  },
  {
    name: "70 % get, 15 % list, 10 % create, 5 % delete",
    concurrency: [16, 64],
    // Each twenty calls delete one run that was there before.
    prepare: (database, round, most) => fill(database, "Run", runKeys(writes, 2, most / 20, (round * most) / 20)),
    calls(round, most) {
      const read = runKeys("lists", 0, 1000).map((key) => get(key, View.VIEW_BASIC));
      const [gets, creates, removes] = [
        (index: number) => read[index % read.length] as Call,
        runKeys(writes, 3, most / 10, (round * most) / 10).map(create),
        runKeys(writes, 2, most / 20, (round * most) / 20).map(remove),
      ];
      return Array.from({ length: most }, (_, index): Call => {
        const turn = index % 20;
        const twenty = Math.floor(index / 20);
        if (turn === 19) return removes[twenty] ?? gets(index);
        if (turn === 4 || turn === 14) return creates[2 * twenty + (turn > 4 ? 1 : 0)] ?? gets(index);
        return turn === 1 || turn === 8 || turn === 16 ? list : gets(index);
      });
    },
    repeat: false,
    same: false,
  },
];
