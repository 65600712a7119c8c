import { readFileSync } from "node:fs";
import { Cascade, View } from "../../generated/ts/synergos/archive/v1/options.js";
import { detailsShape, type RecordMessage } from "../../src/archive/record-message.js";
import type { FieldViolation } from "../../src/records/field-violation.js";
import type { Message } from "../../src/records/message-shape.js";
import { fromPayload, type Payload, type PayloadValue } from "../../src/records/payload.js";
import { type RecordName, type RecordType, recordType, recordTypes } from "../../src/records/record-type.js";
import type { ArchiveClient } from "./client.js";
import { markers } from "./secrets.js";

export { Cascade, View };

export type Key = RecordMessage["key"];

/** The ids of a whole grid: those of every key field. */
export const ids = (mark: string): Record<string, string> => ({
  collab_id: `collab_${mark}`,
  project_id: "project",
  expt_id: "expt",
  run_id: "run",
  participant_id: `participant_${mark}`,
  collaboration: `collab_${mark}`,
  project: "project",
  record: "expt",
  name: "name",
});

/** The key of a record of a type, of the ids of a grid. */
export const keyOf = (type: RecordType, grid: Record<string, string>): Key =>
  Object.fromEntries(type.key.map((field) => [field, grid[field] as string]));

/** The payloads of a record type, as components send them: NaN as a bare token, and 2 another number than 2.0. */
export function payloads(type: RecordType): Payload[] {
  const file = new URL(`../payloads/${type.field}.json`, import.meta.url);
  return parsePayloads(readFileSync(file, "utf8"));
}

/** JSON with integers as bigint and NaN as itself: every number is first made a string that tells which it is. */
function parsePayloads(text: string): Payload[] {
  const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN/g;
  const marked = text.replace(token, (found) => (found.startsWith('"') ? found : `"\\u0000${found}"`));
  return JSON.parse(marked, (_, value: unknown) => {
    if (typeof value !== "string" || !value.startsWith("\0")) return value;
    return /^-?\d+$/.test(value.slice(1)) ? BigInt(value.slice(1)) : Number(value.slice(1));
  });
}

/** A payload as the details of a record: what is in its key is not kept twice. */
export function withoutKey(type: RecordType, payload: Payload): Payload {
  const inKey = type.name === "Participant" ? ["id"] : type.name === "MLFlow" ? type.key : [];
  return Object.fromEntries(Object.entries(payload).filter(([name]) => !inKey.includes(name)));
}

export function detailsOf(type: RecordType, payload: Payload): Message {
  const violations: FieldViolation[] = [];
  const details = fromPayload(detailsShape(type), withoutKey(type, payload), "details", violations);
  if (violations.length > 0) throw new Error(JSON.stringify(violations));
  return details;
}

/** Details of a record type that are valid; what is personal in them must stand in no log. */
export const someDetails = (name: RecordName): Message => {
  const type = recordType(name);
  const details = detailsOf(type, payloads(type)[0] as Payload);
  if (name !== "Participant") return details;
  const { personal } = markers;
  return {
    ...details,
    phone: personal,
    email: `${personal}@example.org`,
    socials: { personal },
    attributes: { personal },
  };
};

export const details = (name: RecordName, payload: { [name: string]: PayloadValue }): Message =>
  detailsOf(recordType(name), payload);

/** Creates one record of each type, or of some, all of one grid. */
export async function createGrid(
  client: ArchiveClient,
  grid: Record<string, string>,
  types: readonly RecordType[] = recordTypes,
): Promise<void> {
  for (const type of types) await client.create(type.name, { key: keyOf(type, grid), details: someDetails(type.name) });
}
