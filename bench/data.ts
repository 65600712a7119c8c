import { randomBytes } from "node:crypto";
import { detailsShape, type RecordMessage } from "../src/archive/record-message.js";
import type { Message } from "../src/records/message-shape.js";
import { type RecordName, type RecordType, recordType } from "../src/records/record-type.js";
import { toStoredJson } from "../src/records/stored-json.js";
import { someDetails } from "../test/support/records.js";
import type { Database } from "./database.js";

export type Key = RecordMessage["key"];

/** How many rows one statement inserts. */
export const rowsOfStatement = 500;

/** Details of about 1 KB for runs, the real ones for all others. */
export const details: { readonly [Name in RecordName]?: Message } & { readonly Run: Message } = {
  Run: { ...someDetails("Run"), attributes: { comment: "what this run was for. ".repeat(25), tags: ["a", "b"] } },
};

export const detailsOf = (name: RecordName): Message => details[name] ?? someDetails(name);

/** A number as an id that sorts as the number does. */
export const id = (prefix: string, number: number): string => `${prefix}_${String(number).padStart(7, "0")}`;

export const runKey = (collab: string, expt: number, run: number): Key => ({
  collab_id: collab,
  project_id: "project",
  expt_id: id("expt", expt),
  run_id: id("run", run),
});

/** The columns that records had from the first version on: another commit's tables have them too. */
const columnsOf = (type: RecordType): string[] => [
  ...type.key,
  ...(type.link ? [type.link] : []),
  "details",
  "created_at",
  "updated_at",
  "etag",
];

/** The rows of records, as the columns of an insert. */
export function rowsOf(type: RecordType, keys: readonly Key[], message = detailsOf(type.name)): (string | number)[] {
  const stored = toStoredJson(detailsShape(type), message);
  const time = "2026-01-01 00:00:00.000000";
  return keys.flatMap((key) => [
    ...type.key.map((field) => key[field] as string),
    ...(type.link ? [Object.values(key).join("/")] : []),
    stored,
    time,
    time,
    randomBytes(8).toString("hex"),
  ]);
}

/** Stores records by hand, many to a statement. */
export async function fill(
  database: Pick<Database, "run">,
  name: RecordName,
  keys: readonly Key[],
  message?: Message,
): Promise<void> {
  const type = recordType(name);
  const columns = columnsOf(type).length;
  const rows = rowsOf(type, keys, message);
  // SQLite takes so many parameters and no more.
  const step = rowsOfStatement * columns;
  for (let from = 0; from < rows.length; from += step) {
    const part = rows.slice(from, from + step);
    await database.run(insertSql(type, part.length / columns), part, true);
  }
}

/** An insert of so many rows. */
export function insertSql(type: RecordType, rows: number): string {
  const columns = columnsOf(type);
  const row = `(${columns.map(() => "?").join(", ")})`;
  const names = columns.map((name) => `\`${name}\``).join(", ");
  return `INSERT INTO \`${type.field}\` (${names}) VALUES ${Array(rows).fill(row).join(", ")}`;
}

const range = (length: number) => Array.from({ length }, (_, index) => index);

/** Keys of runs 0, 1, 2, … of one experiment. */
export const runKeys = (collab: string, expt: number, count: number, from = 0): Key[] =>
  range(count).map((index) => runKey(collab, expt, from + index));

/** A collaboration with one project, its experiments and their runs, at most 1,000 an experiment. */
export async function fillCollaboration(
  database: Pick<Database, "run">,
  collab: string,
  expts: number,
  runs: number,
): Promise<void> {
  await fill(database, "Collaboration", [{ collab_id: collab }]);
  await fill(database, "Project", [{ collab_id: collab, project_id: "project" }]);
  await fill(
    database,
    "Experiment",
    range(expts).map((expt) => {
      const { run_id: _, ...key } = runKey(collab, expt, 0);
      return key;
    }),
  );
  for (const expt of range(expts)) await fill(database, "Run", runKeys(collab, expt, runs / expts));
}

/** Registers so many participants with the project of a collaboration, with their tags and alignments. */
export async function fillRegistrations(database: Pick<Database, "run">, collab: string, count: number): Promise<void> {
  const participants = range(count).map((index) => ({ participant_id: id(collab, index) }));
  await fill(database, "Participant", participants);
  const keys = participants.map((key) => ({ collab_id: collab, project_id: "project", ...key }));
  for (const name of ["Registration", "Tag", "Alignment"] as const) await fill(database, name, keys);
}

/** Deletes everything below a collaboration, and itself, by hand. */
export async function clear(database: Pick<Database, "run">, collab: string): Promise<void> {
  const type = recordType("Collaboration");
  for (const relation of [...type.relations].reverse()) {
    await database.run(`DELETE FROM \`${relation.field}\` WHERE collab_id = ?`, [collab]);
  }
  await database.run("DELETE FROM `collaboration` WHERE collab_id = ?", [collab]);
}
