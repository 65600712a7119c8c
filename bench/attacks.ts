import { BinaryWriter } from "@bufbuild/protobuf/wire";
import {
  ArchiveServiceService as archive,
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
import type { Attacker } from "./attacker.js";
import { fill, fillCollaboration, id, runKey, runKeys } from "./data.js";
import type { Database } from "./database.js";
import {
  beginAndReset,
  endlessHeaders,
  headerBlock,
  moreHeaders,
  ping,
  requestHeaders,
  settings,
} from "./raw-http2.js";
import { call, get, replace } from "./scenarios.js";

/** The worst that one client can do, of one kind. */
export interface Attack {
  readonly name: string;
  /** What 99 of 100 gets of another client may take meanwhile, in milliseconds, if not 100. */
  readonly most?: number;
  /** What must be known before it begins. */
  prepare?(attacker: Attacker): Promise<void>;
  /** Does it once, and is done again until it is over. Tells what it was answered with. */
  run(attacker: Attacker): Promise<string>;
}

/** What the requests are about. */
export async function prepareAttacks(database: Database): Promise<void> {
  await fillCollaboration(database, "hostile", 1, 1000);
  await fillCollaboration(database, "small", 1, 10);
  // Other attacks add to "hostile", and what is listed is to be the same without them.
  await fillCollaboration(database, "listed", 1, 100);
  await fillCollaboration(database, "large", 1, 0);
  const attributes = (bytes: number) => ({ attributes: { text: "x".repeat(bytes) } });
  // One at a time: a statement has a limit, too.
  for (const one of runKeys("large", 0, 600)) await fill(database, "Run", [one], attributes(100_000));
  await fillCollaboration(database, "texts", 1, 0);
  for (const one of runKeys("texts", 0, 7)) await fill(database, "Run", [one], attributes(60_000));
  await fillCollaboration(database, "records", 1, 0);
  for (const one of runKeys("records", 0, 8)) await fill(database, "Run", [one], attributes(8e6));
}

/** What another client asks for meanwhile. */
export const victim = runKey("hostile", 0, 1);

const project = { collab_id: "hostile", project_id: "project" };
const experiment = { ...project, expt_id: id("expt", 0) };
const some = <Item>(count: number, item: (index: number) => Item) => Array.from({ length: count }, (_, i) => item(i));
const all = (count: number, make: (index: number) => Promise<string>) =>
  Promise.all(some(count, make)).then((answers) => [...new Set(answers)].join(", "));

/** Made when it is first asked for, and then kept: some requests take seconds to make. */
function once<Made>(make: () => Made): () => Made {
  let made: { value: Made } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

const field = (number: number, bytes: Uint8Array) =>
  new BinaryWriter()
    .uint32(number * 8 + 2)
    .bytes(bytes)
    .finish();

/** A request to create a run, or an experiment, whose details are these bytes. */
const createRun = (details: Uint8Array) =>
  Buffer.concat([
    CreateRunRequest.encode({
      key: { ...experiment, run_id: `new_${Math.random()}` },
      details: undefined,
      validate_only: false,
    }).finish(),
    field(2, details),
  ]);
const createExperiment = (details: Uint8Array) =>
  Buffer.concat([
    CreateExperimentRequest.encode({
      key: { ...project, expt_id: "hostile" },
      details: undefined,
      validate_only: false,
    }).finish(),
    field(2, details),
  ]);

/** The number of the field of a run's details that is a Struct. */
const attributes = 50;

/** A Struct of so many members, each a number. */
function struct(count: number): Uint8Array {
  const value = Buffer.concat([Buffer.from([0x12, 9, 0x11]), Buffer.alloc(8)]);
  const members = some(count, (index) => {
    const name = Buffer.from(`k${index}`);
    return Buffer.concat([Buffer.from([0x0a, 2 + name.length + value.length, 0x0a, name.length]), name, value]);
  });
  return Buffer.concat(members);
}

/** A Struct with a Struct in it, and so on: lengths from within, bytes from without. */
function nested(levels: number): Uint8Array {
  const varint = (value: number) => new BinaryWriter().uint32(value).finish();
  const heads: Uint8Array[] = [];
  let length = 0;
  for (let level = 0; level < levels; level++) {
    // struct_value of the value of the member "a" of the fields.
    const value = Buffer.concat([Buffer.from([0x2a]), varint(length)]);
    length += value.length;
    const member = Buffer.concat([Buffer.from([0x0a, 1, 0x61, 0x12]), varint(length)]);
    length += member.length;
    const entry = Buffer.concat([Buffer.from([0x0a]), varint(length)]);
    length += entry.length;
    heads.push(Buffer.concat([entry, member, value]));
  }
  return Buffer.concat(heads.reverse());
}

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

const update = (paths: readonly string[]) =>
  runs.updateRun.requestSerialize({
    key: runKey("hostile", 0, 0),
    details: { attributes: {} },
    update_mask: [...paths],
    allow_missing: false,
    etag: "",
  } as never);

const stream = (collab_id: string) =>
  archive.streamDescendants.requestSerialize({
    key: { key: { $case: "collaboration", value: { collab_id } } },
    relation_types: [],
    include_root: false,
  });

const largeProject = projects.getProject.requestSerialize({
  key: { collab_id: "large", project_id: "project" },
  view: View.VIEW_FULL,
  relation_types: [],
});

const dryRun = ImportRequest.encode(
  ImportRequest.fromPartial({
    options: { validate_only: true },
    records: [{ record: { $case: "collaboration", value: { key: { collab_id: "dry" }, details: {} } } }],
  }),
).finish();

/** A message as Connect's streams have it. */
function enveloped(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

const unaryOnce = (name: string, path: string, request: () => Uint8Array): Attack => {
  const made = once(request);
  return { name, run: ({ unary }) => unary(path, made()) };
};

const jsonOnce = (name: string, path: string, request: () => string): Attack => {
  const made = once(request);
  return { name: `HTTP: ${name}`, run: ({ json }) => json(path, made()) };
};

const listOf = (filter: typeof experiment) =>
  call(runs.listRun, {
    filter: { ...filter, id_prefix: "" },
    page_size: 100,
    page_token: "",
    with_total: false,
    relation_types: [],
    view: View.VIEW_BASIC,
  });
const listOfRuns = listOf({ ...experiment, collab_id: "listed" });
const listOfText = listOf({ ...experiment, collab_id: "texts" });
const getRun = runs.getRun.path;
const updateByJson = (details: string, mask = "attributes") =>
  `{"key":${JSON.stringify(victimOfWrites)},"details":{"attributes":${details}},"updateMask":${JSON.stringify(mask)}}`;
const victimOfWrites = { collabId: "hostile", projectId: "project", exptId: id("expt", 0), runId: id("run", 2) };

/** How many connections there are, and what each begins with. */
const manyConnections = 10_000;
const helloOfHttp2 = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings]);
const halfRequest = Buffer.from(`POST ${getRun} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`);

/** Attacks by frames, which both edges may see: what is sent again and again, where a connection has its own numbers. */
function byFrames(name: string, next: (piece: number, contentType: string) => Buffer): Attack[] {
  return [
    { name, run: ({ pour, edges }) => all(4, () => pour(edges.grpc, (piece) => next(piece, "application/grpc"))) },
    {
      name: `HTTP: ${name}`,
      run: ({ pour, edges }) => all(4, () => pour(edges.http, (piece) => next(piece, "application/proto"))),
    },
  ];
}

const resetsOfPiece = 100;
const long = "x".repeat(16_000);

/** Ten times as many calls as are answered at the most, and how many of these are answered all the same. */
function overload(name: string, calls: () => ReturnType<typeof call>[]): Attack {
  let peak = 0;
  const goodput = ({ calls: made, failed, seconds }: { calls: number; failed: number; seconds: number }) =>
    (made - failed) / seconds;
  return {
    name: `ten times as many ${name} as it can answer`,
    most: 250,
    async prepare({ flood }) {
      await flood(calls(), { concurrency: 32, seconds: 2 });
      peak = goodput(await flood(calls(), { concurrency: 32, seconds: 5 }));
    },
    async run({ flood, seconds }) {
      const load = await flood(calls(), { rate: 10 * peak, concurrency: 2000, seconds });
      const share = goodput(load) / peak;
      const offered = load.calls / load.seconds;
      return `goodput ${share.toFixed(2)} of ${Math.round(peak)}/s, ${Math.round(offered)}/s sent, ${load.error ?? "none refused"}`;
    },
  };
}

/** All of them. */
export const attacks: readonly Attack[] = [
  ...[2, 14].map((millions) =>
    unaryOnce(`create an experiment of ${millions},000,000 empty layers`, experiments.createExperiment.path, () =>
      createExperiment(Buffer.alloc(2e6 * millions).fill(Buffer.from([0x0a, 0]))),
    ),
  ),
  ...[
    ["99,000 keys, which is allowed", 99_000],
    ["1,000,000 keys", 1_000_000],
    ["2,600,000 keys, as many as a request may have bytes", 2_600_000],
  ].map(([words, count]) =>
    unaryOnce(`create a run with a Struct of ${words}`, runs.createRun.path, () =>
      createRun(field(attributes, struct(Number(count)))),
    ),
  ),
  ...[5_000, 3_000_000].map((levels) =>
    unaryOnce(`create a run with a Struct of ${levels.toLocaleString("en")} levels`, runs.createRun.path, () =>
      createRun(field(attributes, nested(levels))),
    ),
  ),
  unaryOnce("update with a mask of 100,000 paths", runs.updateRun.path, () =>
    update(some(100_000, (index) => `attributes.k${index}`)),
  ),
  unaryOnce("update with a mask of one path of 60 MB", runs.updateRun.path, () => update(["x".repeat(60e6)])),
  unaryOnce("get with an id of 60 MB", getRun, () =>
    runs.getRun.requestSerialize({ key: { ...experiment, run_id: "x".repeat(60e6) }, view: 1, relation_types: [] }),
  ),
  {
    name: "BatchWrite of 1,000 small creates",
    run: ({ unary }) => unary(archive.batchWrite.path, batch(1000, "small")),
  },
  {
    name: "BatchWrite of 1,000 creates of 60 KB",
    run: ({ unary }) => unary(archive.batchWrite.path, batch(1000, "x".repeat(60_000))),
  },
  {
    name: "ten FULL reads of 60 MB at a time",
    run: ({ unary }) => all(10, () => unary(projects.getProject.path, largeProject)),
  },
  {
    name: "ten FULL reads of 60 MB that nobody reads",
    run: ({ unread }) => all(10, () => unread(projects.getProject.path, [largeProject])),
  },
  {
    name: "1,000 streams of records of 8 MB that nobody reads, and one that is read",
    async run({ unread, unary }) {
      const others = all(1000, () => unread(archive.streamDescendants.path, [stream("records")]));
      const one = await unary(archive.streamDescendants.path, stream("small"));
      await others;
      return one;
    },
  },
  {
    name: "820 KB of questions of reflection whose answers nobody reads",
    run: ({ unread }) =>
      unread(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        some(100_000, () => Buffer.from([0x3a, 0x01, 0x2a])),
      ),
  },
  {
    name: "a dry-run import that sends one message and then nothing, and another's write",
    async run({ unread, unary }) {
      const silent = unread(archive.import.path, [dryRun], false);
      const write = await unary(runs.createRun.path, createRun(Buffer.alloc(0)));
      await silent;
      return write;
    },
  },
  ...byFrames("calls that are begun and reset at once", (piece, contentType) => {
    const block = headerBlock(requestHeaders(getRun, contentType));
    const first = 1 + 2 * resetsOfPiece * piece;
    return Buffer.concat(some(resetsOfPiece, (index) => beginAndReset(first + 2 * index, block)));
  }),
  ...byFrames("headers that do not end", (piece, contentType) =>
    piece === 0
      ? endlessHeaders(1, headerBlock(requestHeaders(getRun, contentType)))
      : moreHeaders(1, headerBlock({ [`x-${piece}`]: long })),
  ),
  ...byFrames("pings and settings", () => Buffer.concat(some(resetsOfPiece, () => [ping, settings]).flat())),
  {
    name: "calls with 48 KB of headers",
    run: ({ flood }) =>
      flood([{ ...get(victim, View.VIEW_BASIC), headers: { "x-a": long, "x-b": long, "x-c": long } }], {
        concurrency: 64,
        seconds: 1,
      }).then(({ error = "OK" }) => error),
  },
  {
    name: "HTTP: calls with 15 KB of headers",
    run: ({ json }) => all(32, () => json(getRun, "{}", { "x-a": "x".repeat(15_000) })),
  },
  {
    name: "HTTP: calls with 200 KB of headers",
    run: ({ json }) => all(32, () => json(getRun, "{}", { "x-a": "x".repeat(200_000) })),
  },
  {
    name: "10,000 connections that say nothing",
    run: ({ connections, edges }) => connections(edges.grpc, manyConnections, Buffer.alloc(0)),
  },
  {
    name: "10,000 connections of HTTP/2 without a call",
    run: ({ connections, edges }) => connections(edges.grpc, manyConnections, helloOfHttp2),
  },
  {
    name: "HTTP: 10,000 connections with half a request",
    run: ({ connections, edges }) => connections(edges.http, manyConnections, halfRequest),
  },
  {
    name: "HTTP: 10,000 connections of HTTP/2 without a call",
    run: ({ connections, edges }) => connections(edges.http, manyConnections, helloOfHttp2),
  },
  jsonOnce("an update with a Struct of 250,000 keys", runs.updateRun.path, () =>
    updateByJson(JSON.stringify(Object.fromEntries(some(250_000, (index) => [`k${index}`, index])))),
  ),
  jsonOnce("an update with a Struct of 600,000 levels", runs.updateRun.path, () =>
    updateByJson(`${'{"a":'.repeat(600_000)}1${"}".repeat(600_000)}`),
  ),
  jsonOnce("an update with a mask of 100,000 paths", runs.updateRun.path, () =>
    updateByJson("{}", some(100_000, (index) => `attributes.k${index}`).join(",")),
  ),
  {
    name: "HTTP: ten FULL reads of 60 MB at a time",
    run: ({ json }) =>
      all(10, () =>
        json(projects.getProject.path, '{"key":{"collabId":"large","projectId":"project"},"view":"VIEW_FULL"}'),
      ),
  },
  {
    name: "HTTP: 1,000 streams of records of 8 MB that nobody reads",
    run: ({ unreadByHttp }) => unreadByHttp(archive.streamDescendants.path, enveloped(stream("records")), 1000),
  },
  overload("gets", () => [get(victim, View.VIEW_BASIC)]),
  overload("lists of 100 runs", () => [listOfRuns]),
  overload("lists of 400 KB", () => [listOfText]),
  overload("updates", () => runKeys("hostile", 0, 1000).map(replace)),
];
