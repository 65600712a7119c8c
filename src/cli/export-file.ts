import type { JsonValue } from "@bufbuild/protobuf";
import { toBinary } from "@bufbuild/protobuf";
import { jsonText, sorted } from "../records/json-text.js";
import { descriptors, messageShape, packageName } from "../records/message-shape.js";
import type { Payload, PayloadValue } from "../records/payload.js";
import { recordTypeOfField } from "../records/record-type.js";
import { type Json, messageOf } from "./connection.js";
import { exactJson } from "./exact-json.js";
import { Failure, usageFailure } from "./failure.js";
import type { FoundRecord, ImportSource, Problem } from "./import-source.js";
import type { Input } from "./input.js";
import { JsonFault, JsonParser } from "./parse-json.js";
import { textOf } from "./text-of.js";

/** The version of the format, which the header's first member names. */
const version = 1;
const mark = "synergos_archive_export";

/** The most characters of a line, which is one record: more than any server takes. */
const maxLine = 2 ** 28;

/** What the first line says of the others. */
export interface ExportHeader {
  /** When the last of the records was changed: the same data make the same file, whenever it is written. */
  readonly changed_at: string | null;
  /** How many records there are of each type. */
  readonly counts: Readonly<Record<string, number>>;
}

export const headerLine = ({ changed_at, counts }: ExportHeader): string =>
  `${jsonText({ [mark]: version, changed_at, counts })}\n`;

/** A record's line: what the server set for it alone (record_id, etag) is left out, and nothing depends on chance. */
export function recordLine(record: Json): string {
  const [[field, value] = ["", {}]] = Object.entries(record);
  const { key, link, created_at, updated_at, details } = value as Json;
  const whole = { key, ...(link ? { link } : {}), created_at, updated_at, details: sorted(details ?? {}) };
  return `${jsonText({ [field]: whole })}\n`;
}

/** Whether a file that begins so is an export. */
export const looksLikeExport = (start: string): boolean => new RegExp(`^\\uFEFF?\\s*\\{\\s*"${mark}"`).test(start);

/** An export, read line by line. */
export async function exportSource(input: Input): Promise<ImportSource> {
  const lines = linesOf(input);
  const first = await lines.next();
  await lines.return(undefined);
  const { [mark]: found, counts } = parsedHeader(first.value ?? "");
  if (found !== version) throw usageFailure(`the export is of format version ${found}: this program knows ${version}`);
  const total = Object.values((counts ?? {}) as Record<string, number>).reduce((sum, count) => sum + count, 0);
  return { format: "export", total, items: () => items(input, total) };
}

function parsedHeader(line: string): Json {
  try {
    return JSON.parse(line.replace(/^\uFEFF/, "")) as Json;
  } catch (error) {
    throw usageFailure("the export's first line is broken", error);
  }
}

async function* items(input: Input, total: number): AsyncGenerator<FoundRecord | Problem> {
  let number = 0;
  let records = 0;
  for await (const line of linesOf(input)) {
    number++;
    if (number === 1 || line.trim() === "") continue;
    records++;
    yield itemOf(line, number);
  }
  const place = () => ({ line: number, column: 1 });
  const message = `the file ends after ${records} of the ${total} records that its first line announces`;
  if (records < total) yield { place, reason: "INCOMPLETE_FILE", message };
}

/** What JSON.parse and JSON.stringify give back as it was, although it is no text or no number of its own. */
const mayBeInexact = /\\ud|[:,[]\s*-?\d{16}/i;

const withoutSpace = (text: string) => text.replace(/\s+/g, "");

/**
 * Whether JSON.parse, which is several times as fast as JsonParser, has kept all of a line: then the line can be made of
 * it again. Names that stand twice, and integers that no double is, come back otherwise. White space does not matter,
 * not even that of texts, which comes back as it was.
 */
function isWhole(json: JsonValue, line: string): boolean {
  if (mayBeInexact.test(line)) return false;
  const again = JSON.stringify(json);
  return again === line || withoutSpace(again) === withoutSpace(line);
}

function itemOf(line: string, number: number): FoundRecord | Problem {
  const place = () => ({ line: number, column: 1 });
  let json: JsonValue;
  let exact: PayloadValue | undefined;
  try {
    json = JSON.parse(line) as JsonValue;
    if (!isWhole(json, line)) exact = new JsonParser(line).whole();
  } catch (error) {
    const { offset, message } = faultOf(line, error as Error);
    return { place: () => ({ line: number, column: offset + 1 }), reason: "INVALID_JSON", message };
  }
  const [[field, value] = ["", null]] = Object.entries((json ?? {}) as Json);
  const type = recordTypeOfField(field);
  if (!type) return { place, reason: "INVALID_FIELD", message: `the line names no record type: ${line.slice(0, 60)}` };
  const { key = {}, link = {} } = (value ?? {}) as Record<string, Record<string, string>>;
  try {
    if (exact)
      json = { ...(json as Json), [field]: exactJson(messageShape(type.name), (exact as Payload)[field] ?? null, "") };
    const bytes = toBinary(archiveRecord, messageOf(archiveRecord.typeName, json));
    return { place, type, key, link, bytes };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { place, type, key, reason: "INVALID_FIELD", message: error.message };
  }
}

const found = descriptors.getMessage(`${packageName}.ArchiveRecord`);
if (!found) throw new Error("No message ArchiveRecord");
const archiveRecord = found;

/** Where a line is broken, which JSON.parse tells not always. */
function faultOf(line: string, { message }: Error): { offset: number; message: string } {
  try {
    new JsonParser(line).whole();
  } catch (error) {
    if (error instanceof JsonFault) return error;
  }
  return { offset: 0, message };
}

/** The lines of a file, without their ends. */
async function* linesOf(input: Input): AsyncGenerator<string, undefined> {
  let rest: string[] = [];
  let length = 0;
  for await (const text of textOf(input.read(), input.name)) {
    const [first = "", ...others] = text.split("\n");
    rest.push(first);
    length += first.length;
    if (length > maxLine) throw usageFailure(`${input.name} has a line of more than ${maxLine / 2 ** 20} MiB`);
    const last = others.pop();
    if (last === undefined) continue;
    yield rest.join("");
    yield* others;
    rest = [last];
    length = last.length;
  }
  if (length > 0) yield rest.join("");
  return undefined;
}
