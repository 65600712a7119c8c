/**
 * The least that this stack can do, to compare the archive with: a grpc-js server in a process of its own with the
 * archive's own messages, whose handlers run the one necessary statement by the driver's `execute` and nothing else.
 * No validation, no errors but the driver's, no log, no request ids, no deadlines; every method is written out for its
 * type. What it answers to a read is what the archive answers, byte for byte (the benchmark checks that); to a
 * create or an update it answers as much. It codes messages as generated services do, with a writer for each answer.
 *
 * Usage: node floor.js DATABASE_URL; prints its port.
 */
import { randomBytes } from "node:crypto";
import { type handleUnaryCall, Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { CollaborationServiceService } from "../generated/ts/synergos/archive/v1/collaboration_service.js";
import { ModelServiceService } from "../generated/ts/synergos/archive/v1/model_service.js";
import { View } from "../generated/ts/synergos/archive/v1/options.js";
import { ProjectServiceService } from "../generated/ts/synergos/archive/v1/project_service.js";
import type { Run } from "../generated/ts/synergos/archive/v1/records.js";
import { RegistrationServiceService } from "../generated/ts/synergos/archive/v1/registration_service.js";
import { RunDetails } from "../generated/ts/synergos/archive/v1/run.js";
import { RunServiceService } from "../generated/ts/synergos/archive/v1/run_service.js";
import { detailsShape } from "../src/archive/record-message.js";
import { recordTypeOfNumber } from "../src/records/record-type.js";
import { fromStoredJson } from "../src/records/stored-json.js";
import { openDatabase, type Row } from "./database.js";

const database = openDatabase(process.argv[2] as string);
const run = database.run;
const columns = "t.details, t.record_id, t.created_at, t.updated_at, t.etag";
const ofRun = "t.collab_id = ? AND t.project_id = ? AND t.expt_id = ? AND t.run_id = ?";

/** The 64-bit integers among the details of a run. */
const integers = ["rounds", "epochs", "patience", "seed", "precision_fractional", "batch_size", "input_size"] as const;

/** A run's details as they are stored. */
function readRun(text: string): RunDetails {
  const details = JSON.parse(text);
  for (const name of integers) if (details[name] !== undefined) details[name] = BigInt(details[name]);
  return RunDetails.fromPartial(details);
}

/** A run's details as the archive stores them. */
function writeRun(details: RunDetails | undefined): string {
  const stored: Record<string, unknown> = { ...details };
  for (const name of integers) if (stored[name] !== undefined) stored[name] = Number(stored[name]);
  return JSON.stringify(stored);
}

const time = (text: string) => ({
  seconds: BigInt(Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`) / 1000),
  nanos: Number(text.slice(20)) * 1000,
});

const now = () => new Date().toISOString().slice(0, -1).replace("T", " ");
const etag = () => randomBytes(8).toString("hex");

const runRecord = (key: Run["key"], details: RunDetails | undefined, row: Row): Run => ({
  key,
  details,
  record_id: BigInt(row.record_id as number),
  created_at: time(row.created_at as string),
  updated_at: time(row.updated_at as string),
  etag: row.etag as string,
  relations: undefined,
  ancestors: undefined,
  created_by: "",
  updated_by: "",
  masked: [],
});

const ids = (key: Run["key"]) => [key?.collab_id ?? "", key?.project_id ?? "", key?.expt_id ?? "", key?.run_id ?? ""];

/** Answers a call with what a promise comes to. */
const answer =
  <Request, Response>(handle: (request: Request) => Promise<Response>): handleUnaryCall<Request, Response> =>
  (call, callback) => {
    handle(call.request).then(
      (response) => callback(null, response),
      (error: Error) => callback(error),
    );
  };

const server = new Server({ "grpc.max_concurrent_streams": 100, "grpc.max_send_message_length": -1 });

server.addService(RunServiceService, {
  createRun: answer(async ({ key, details }) => {
    const [at, tag] = [now(), etag()];
    const { id } = await run(
      "INSERT INTO run (collab_id, project_id, expt_id, run_id, details, created_at, updated_at, etag) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      [...ids(key), writeRun(details), at, at, tag],
    );
    return { record: runRecord(key, details, { record_id: id, created_at: at, updated_at: at, etag: tag }) };
  }),
  getRun: answer(async ({ key, view }) => {
    if (view !== View.VIEW_BASIC) return { record: await runWithAll(ids(key)) };
    const { rows } = await run(`SELECT ${columns} FROM run t WHERE ${ofRun}`, ids(key));
    const row = rows[0] as Row;
    return { record: runRecord(key, readRun(row.details as string), row) };
  }),
  listRun: answer(async ({ filter, page_size }) => {
    const { rows } = await run(
      `SELECT t.run_id, ${columns} FROM run t WHERE t.collab_id = ? AND t.project_id = ? AND t.expt_id = ? ORDER BY t.run_id LIMIT ${page_size}`,
      [filter?.collab_id ?? "", filter?.project_id ?? "", filter?.expt_id ?? ""],
    );
    const { collab_id = "", project_id = "", expt_id = "" } = filter ?? {};
    const records = rows.map((row) =>
      runRecord({ collab_id, project_id, expt_id, run_id: row.run_id as string }, readRun(row.details as string), row),
    );
    return { records, next_page_token: "", total_size: undefined };
  }),
  // Replaces, or changes one field within the stored details: in one statement, without reading what was there.
  updateRun: answer(async ({ key, details, update_mask }) => {
    const [at, tag] = [now(), etag()];
    if (update_mask) {
      await run(
        "UPDATE run SET details = JSON_SET(details, '$.lr', ?), updated_at = ?, etag = ? WHERE collab_id = ? AND project_id = ? AND expt_id = ? AND run_id = ?",
        [details?.lr ?? 0, at, tag, ...ids(key)],
      );
    } else {
      const stored = writeRun(details);
      const upsert =
        database.kind === "mysql"
          ? "ON DUPLICATE KEY UPDATE"
          : "ON CONFLICT (collab_id, project_id, expt_id, run_id) DO UPDATE SET";
      await run(
        `INSERT INTO run (collab_id, project_id, expt_id, run_id, details, created_at, updated_at, etag) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ${upsert} details = ?, updated_at = ?, etag = ?`,
        [...ids(key), stored, at, at, tag, stored, at, tag],
      );
    }
    return { record: runRecord(key, details, { record_id: 1, created_at: at, updated_at: at, etag: tag }) };
  }),
  deleteRun: answer(async ({ key }) => {
    await run("DELETE FROM run WHERE collab_id = ? AND project_id = ? AND expt_id = ? AND run_id = ?", ids(key));
    return { record: undefined, deleted: [] };
  }),
});

// Reads in view FULL: one statement, and so one snapshot. Tables that hold nothing below are asked as well.

const repeat = <Value>(values: readonly Value[], times: number): Value[] =>
  Array.from({ length: times }, () => values).flat();

const part = (
  number: number,
  table: string,
  key: readonly string[],
  links: readonly string[],
  join: string,
  where: string,
) =>
  `SELECT ${number} AS type, ${[0, 1, 2, 3, 4].map((slot) => (key[slot] ? `t.${key[slot]} AS k${slot}` : `NULL AS k${slot}`)).join(", ")}, ${[0, 1, 2].map((slot) => `${links[slot] ?? "NULL"} AS l${slot}`).join(", ")}, ${columns} FROM ${table} t ${join} WHERE ${where}`;

const project = ["collab_id", "project_id"];
const expt = [...project, "expt_id"];
const runIds = [...expt, "run_id"];
const registered = [...project, "participant_id"];
const scored = [...runIds, "participant_id"];
const joined =
  "JOIN registration r ON r.collab_id = t.collab_id AND r.project_id = t.project_id AND r.participant_id = t.participant_id";
const joinedTag = `${joined} JOIN tag g ON g.collab_id = t.collab_id AND g.project_id = t.project_id AND g.participant_id = t.participant_id`;

const below = (where: string) => [
  part(3, "experiment", expt, [], "", where),
  part(4, "run", runIds, [], "", where),
  part(9, "registration", registered, ["t.registration_id"], "", where),
  part(10, "tag", registered, ["r.registration_id", "t.tag_id"], joined, where),
  part(11, "alignment", registered, ["r.registration_id", "g.tag_id", "t.alignment_id"], joinedTag, where),
  part(5, "model", runIds, ["t.model_id"], "", where),
  part(6, "validation", scored, ["t.val_id"], "", where),
  part(7, "prediction", scored, ["t.pred_id"], "", where),
];
const ofProject = "t.collab_id = ? AND t.project_id = ?";
const ofExperiment = `${ofProject} AND t.expt_id = ?`;
const collaboration = part(1, "collaboration", ["collab_id"], [], "", "t.collab_id = ?");
const together = (...parts: string[]) => parts.join(" UNION ALL ");
const collaborationFull = together(
  collaboration,
  part(2, "project", project, [], "", "t.collab_id = ?"),
  ...below("t.collab_id = ?"),
);
const projectFull = together(collaboration, part(2, "project", project, [], "", ofProject), ...below(ofProject));
const runFull = together(
  collaboration,
  part(2, "project", project, [], "", ofProject),
  part(3, "experiment", expt, [], "", ofExperiment),
  part(4, "run", runIds, [], "", ofRun),
  part(5, "model", runIds, ["t.model_id"], "", ofRun),
  part(6, "validation", scored, ["t.val_id"], "", ofRun),
  part(7, "prediction", scored, ["t.pred_id"], "", ofRun),
);

/** A row of any type as a record. */
function record(row: Row) {
  const type = recordTypeOfNumber(row.type as number);
  if (!type) throw new Error(`no type ${row.type}`);
  return {
    key: Object.fromEntries(type.key.map((name, slot) => [name, row[`k${slot}`]])),
    details:
      type.name === "Run" ? readRun(row.details as string) : fromStoredJson(detailsShape(type), row.details as string),
    ...(type.link ? { link: Object.fromEntries(type.links.map(({ link }, slot) => [link, row[`l${slot}`]])) } : {}),
    record_id: BigInt(row.record_id as number),
    created_at: time(row.created_at as string),
    updated_at: time(row.updated_at as string),
    etag: row.etag as string,
    relations: undefined as unknown,
    ancestors: undefined as unknown,
    created_by: "",
    updated_by: "",
    masked: [],
  };
}

/** A run with all that is around it. */
const runWithAll = async ([collab = "", proj = "", expt = "", id = ""]: string[]) => {
  const values = [collab, collab, proj, collab, proj, expt, ...repeat([collab, proj, expt, id], 4)];
  return full((await run(runFull, values)).rows, 4);
};

/** The record of a type among rows, with those above it as its ancestors and those below as its relations. */
function full(rows: readonly Row[], number: number) {
  const self = recordTypeOfNumber(number);
  const relations: { [name: string]: unknown[] } = {
    projects: [],
    experiments: [],
    runs: [],
    models: [],
    validations: [],
    predictions: [],
    registrations: [],
    tags: [],
    alignments: [],
  };
  const ancestors: { [name: string]: unknown } = {};
  let found: ReturnType<typeof record> | undefined;
  for (const row of rows) {
    const type = recordTypeOfNumber(row.type as number);
    if (!type || type === self) found = record(row);
    else if (self?.ancestors.includes(type)) ancestors[type.field] = record(row);
    else relations[type.plural]?.push(record(row));
  }
  if (found) Object.assign(found, { relations, ancestors });
  return found as never;
}

server.addService(ModelServiceService, {
  getModel: answer(async ({ key }) => {
    const { rows } = await run(part(5, "model", runIds, ["t.model_id"], "", ofRun), ids(key));
    return { record: record(rows[0] as Row) };
  }),
} as UntypedServiceImplementation);

server.addService(ProjectServiceService, {
  getProject: answer(async ({ key }) => {
    const both = [key?.collab_id ?? "", key?.project_id ?? ""];
    const { rows } = await run(projectFull, [both[0] as string, ...repeat(both, 9)]);
    return { record: full(rows, 2) };
  }),
} as UntypedServiceImplementation);

server.addService(CollaborationServiceService, {
  getCollaboration: answer(async ({ key }) => {
    const { rows } = await run(collaborationFull, repeat([key?.collab_id ?? ""], 10));
    return { record: full(rows, 1) };
  }),
} as UntypedServiceImplementation);

/** A project's registrations, each with its project, its collaboration, its participant, its tag and its alignment. */
const registrationsFull = together(
  collaboration,
  part(2, "project", project, [], "", ofProject),
  part(
    8,
    "participant",
    ["participant_id"],
    [],
    "JOIN registration r ON r.participant_id = t.participant_id",
    "r.collab_id = ? AND r.project_id = ?",
  ),
  ...below(ofProject).slice(2, 5),
);

server.addService(RegistrationServiceService, {
  listRegistration: answer(async ({ filter }) => {
    const both = [filter?.collab_id ?? "", filter?.project_id ?? ""];
    const { rows } = await run(registrationsFull, [both[0] as string, ...repeat(both, 5)]);
    const shared = rows.filter((row) => Number(row.type) < 3);
    const own = new Map<unknown, Row[]>();
    for (const row of rows.filter((row) => Number(row.type) > 2)) {
      const participant = Number(row.type) === 8 ? row.k0 : row.k2;
      own.set(participant, [...(own.get(participant) ?? []), row]);
    }
    const records = [...own.values()].map((rows) => full([...shared, ...rows], 9));
    return { records, next_page_token: "", total_size: undefined };
  }),
} as UntypedServiceImplementation);

server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});

process.on("SIGTERM", () => process.exit(0));
