import { setTimeout as delay } from "node:timers/promises";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { ChannelCredentials, Client, Metadata } from "@grpc/grpc-js";
import {
  ArchiveServiceService as archiveService,
  BatchWriteRequest,
  ImportRequest,
} from "../generated/ts/synergos/archive/v1/archive_service.js";
import {
  CreateExperimentRequest,
  ExperimentServiceService as experiments,
} from "../generated/ts/synergos/archive/v1/experiment_service.js";
import { View } from "../generated/ts/synergos/archive/v1/options.js";
import { ProjectServiceService as projects } from "../generated/ts/synergos/archive/v1/project_service.js";
import { CreateRunRequest, RunServiceService as runs } from "../generated/ts/synergos/archive/v1/run_service.js";
import { fill, fillCollaboration, id, runKey, runKeys } from "./data.js";
import { type Database, openDatabase } from "./database.js";
import { type Loader, residentMegabytes, startServer } from "./processes.js";
import { get } from "./scenarios.js";

/** What another client notices of requests that are as expensive as can be, and what they cost the server. */
export interface HostileResult {
  readonly request: string;
  readonly database: string;
  /** Latencies of another client's small gets, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
  readonly failed: number;
  /** The most resident memory of the server, in MB. */
  readonly memory: number;
  /** What the requests were answered with, and how often. */
  readonly answers: Readonly<Record<string, number>>;
}

interface Hostile {
  readonly name: string;
  /** Makes the requests once. Whoever does not read lets go when `over` resolves. */
  run(attack: Attack): Promise<unknown>;
}

interface Attack {
  readonly over: Promise<void>;
  /** A call whose answer is read; resolves to how it ended. */
  unary(path: string, request: Uint8Array): Promise<string>;
  /** A call that sends some requests, and reads nothing until it is over; resolves to how it ended. */
  unread(path: string, requests: readonly Uint8Array[], isComplete?: boolean): Promise<string>;
}

const key = (run: number) => runKey("hostile", 0, run);
const project = { collab_id: "hostile", project_id: "project" };
const experiment = { ...project, expt_id: id("expt", 0) };
const some = <Item>(count: number, item: (index: number) => Item) => Array.from({ length: count }, (_, i) => item(i));

/** An experiment whose model has so many layers that say nothing, as bytes: two for each. */
function emptyLayers(count: number): Uint8Array {
  const request = CreateExperimentRequest.encode({
    key: { ...project, expt_id: "layers" },
    details: undefined,
    validate_only: false,
  }).finish();
  const layers = Buffer.alloc(2 * count);
  for (let at = 0; at < layers.length; at += 2) layers[at] = 0x0a;
  return Buffer.concat([request, new BinaryWriter().uint32(0x12).bytes(layers).finish()]);
}

const createRun = (index: number, attributes: Record<string, unknown>) =>
  CreateRunRequest.encode(
    CreateRunRequest.fromPartial({
      key: { ...experiment, run_id: `new_${index}_${Math.random()}` },
      details: { attributes },
    }),
  ).finish();

const numbers = (count: number) => Object.fromEntries(some(count, (index) => [`k${index}`, index]));

const batch = (count: number, text: string) =>
  BatchWriteRequest.encode(
    BatchWriteRequest.fromPartial({
      operations: some(count, (index) => ({
        operation: {
          $case: "create",
          value: {
            record: {
              record: {
                $case: "run",
                value: {
                  key: { ...experiment, run_id: `batch_${index}_${Math.random()}` },
                  details: { attributes: { text } },
                },
              },
            },
          },
        },
      })),
    }),
  ).finish();

const maskOf = (paths: readonly string[]) =>
  runs.updateRun.requestSerialize({
    key: key(0),
    details: { attributes: {} },
    update_mask: [...paths],
    allow_missing: false,
    etag: "",
  } as never);

const reflection = (count: number) => some(count, () => Buffer.from([0x3a, 0x01, 0x2a]));

const stream = (collab_id: string) =>
  archiveService.streamDescendants.requestSerialize({
    key: { key: { $case: "collaboration", value: { collab_id } } },
    relation_types: [],
    include_root: false,
  });

const largeProject = () =>
  projects.getProject.requestSerialize({
    key: { collab_id: "large", project_id: "project" },
    view: View.VIEW_FULL,
    relation_types: [],
  });

/** How long each is sent. */
const seconds = 10;

const hostile: readonly Hostile[] = [
  ...[2, 8, 14].map((millions) => ({
    name: `create an experiment of ${millions},000,000 empty layers`,
    run: ({ unary }: Attack) => unary(experiments.createExperiment.path, emptyLayers(millions * 1e6)),
  })),
  {
    name: "update with a mask of 8,000 paths",
    run: ({ unary }) => unary(runs.updateRun.path, maskOf(some(8000, (index) => `attributes.k${index}`))),
  },
  {
    name: "update with a mask of one path of 15 MB",
    run: ({ unary }) => unary(runs.updateRun.path, maskOf(["x".repeat(15e6)])),
  },
  {
    name: "get with an id of 60 MB",
    run: ({ unary }) =>
      unary(
        runs.getRun.path,
        runs.getRun.requestSerialize({ key: { ...experiment, run_id: "x".repeat(60e6) }, view: 1, relation_types: [] }),
      ),
  },
  {
    name: "create a run with a Struct of 500,000 keys",
    run: ({ unary }) => unary(runs.createRun.path, createRun(0, numbers(500_000))),
  },
  {
    name: "create a run with a Struct of 99,000 keys, which is allowed",
    run: ({ unary }) => unary(runs.createRun.path, createRun(0, numbers(99_000))),
  },
  {
    name: "ten FULL reads of 40 MB at a time",
    run: ({ unary }) => Promise.all(some(10, () => unary(projects.getProject.path, largeProject()))).then(String),
  },
  {
    name: "ten FULL reads of 40 MB that nobody reads",
    run: ({ unread }) => Promise.all(some(10, () => unread(projects.getProject.path, [largeProject()]))).then(String),
  },
  {
    name: "four streams of records of 8 MB that nobody reads",
    run: ({ unread }) => Promise.all(some(4, () => unread(archiveService.streamDescendants.path, [stream("records")]))),
  },
  {
    name: "eight streams that nobody reads, and a ninth that is read",
    async run({ unread, unary }) {
      const eight = some(8, () => unread(archiveService.streamDescendants.path, [stream("records")]));
      const ninth = await unary(archiveService.streamDescendants.path, stream("small"));
      await Promise.all(eight);
      return ninth;
    },
  },
  {
    name: "820 KB of questions of reflection whose answers nobody reads",
    run: ({ unread }) => unread("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", reflection(100_000)),
  },
  {
    name: "BatchWrite of 1,000 small creates",
    run: ({ unary }) => unary(archiveService.batchWrite.path, batch(1000, "small")),
  },
  {
    name: "BatchWrite of 1,000 creates of 60 KB",
    run: ({ unary }) => unary(archiveService.batchWrite.path, batch(1000, "x".repeat(60_000))),
  },
  {
    name: "an import as a dry run that sends one message and then nothing, and another's write",
    async run({ unread, unary }) {
      const request = ImportRequest.fromPartial({
        options: { validate_only: true },
        records: [{ record: { $case: "collaboration", value: { key: { collab_id: "dry" }, details: {} } } }],
      });
      const silent = unread(archiveService.import.path, [ImportRequest.encode(request).finish()], false);
      const write = await unary(runs.createRun.path, createRun(1, {}));
      await silent;
      return write;
    },
  },
];

/** What the requests are about. */
async function prepare(database: Database): Promise<void> {
  await fillCollaboration(database, "hostile", 1, 10);
  await fillCollaboration(database, "small", 1, 10);
  await fillCollaboration(database, "large", 1, 0);
  const attributes = (bytes: number) => ({ attributes: { text: "x".repeat(bytes) } });
  // One at a time: a statement has a limit, too.
  for (const one of runKeys("large", 0, 400)) await fill(database, "Run", [one], attributes(100_000));
  await fillCollaboration(database, "records", 1, 0);
  for (const one of runKeys("records", 0, 8)) await fill(database, "Run", [one], attributes(8e6));
}

/** Each kind of request for some seconds, on a server of its own, while another client makes small gets. */
export async function* measureHostile(setting: {
  url: string;
  name: string;
  folder: string;
  loader: Loader;
  only: RegExp;
}): AsyncGenerator<HostileResult> {
  const { url, name, folder, loader, only } = setting;
  const first = await startServer("archive", url, folder);
  const database = openDatabase(url);
  await prepare(database);
  await database.close();
  await first.stop();
  for (const { name: request, run } of hostile.filter(({ name }) => only.test(name))) {
    const server = await startServer("archive", url, folder);
    const small = { address: server.address, calls: [get(key(1), View.VIEW_BASIC)], repeat: true, connections: 2 };
    // What it does is compiled before it is measured.
    await loader.run({ ...small, concurrency: 4, seconds: 2 });
    let memory = 0;
    const watch = setInterval(() => {
      memory = Math.max(memory, residentMegabytes(server.pid));
    }, 20);
    const load = loader.run({ ...small, concurrency: 2, pause: 5, seconds });
    const answers: Record<string, number> = {};
    const end = performance.now() + seconds * 1000;
    const over = delay(seconds * 1000);
    const attack = attackOn(server.address, over);
    do {
      const answer = String(await run(attack));
      answers[answer] = (answers[answer] ?? 0) + 1;
    } while (performance.now() < end);
    const { latencies, failed } = await load;
    clearInterval(watch);
    attack.close();
    await server.stop();
    const sorted = latencies.sort();
    const part = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
    yield { request, database: name, p50: part(0.5), p99: part(0.99), slowest: part(1), failed, memory, answers };
  }
}

function attackOn(address: string, over: Promise<void>): Attack & { close(): void } {
  const client = new Client(address, ChannelCredentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  const asIs = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = (path: string, requests: readonly Uint8Array[]) => {
    const call = client.makeBidiStreamRequest(path, asIs, asIs, new Metadata());
    for (const request of requests) call.write(request);
    const ended = new Promise<string>((resolve) => {
      call.on("error", (error) => resolve((error as { details?: string }).details?.slice(0, 60) ?? String(error)));
      call.on("status", ({ code }) => code === 0 && resolve("OK"));
    });
    return { call, ended };
  };
  return {
    over,
    unary(path, request) {
      const { call, ended } = begin(path, [request]);
      call.end();
      call.resume();
      return ended;
    },
    unread(path, requests, isComplete = true) {
      const { call, ended } = begin(path, requests);
      if (isComplete) call.end();
      return Promise.race([ended, over.then(() => "not read")]).finally(() => call.cancel());
    },
    close: () => client.close(),
  };
}
