import { readFileSync } from "node:fs";
import confirm from "@inquirer/confirm";
import { type Command, Option } from "commander";
import { parseDocument } from "yaml";
import type { RecordType } from "../records/record-type.js";
import { recordTypes } from "../records/record-type.js";
import { clientCommand, formatOption, keyArgument, typeArgument } from "./client-command.js";
import { type Connection, type Json, newMessage } from "./connection.js";
import { exitCodes, Failure, usageFailure } from "./failure.js";
import { type Ids, keyText, parseKey, typeNamed } from "./record-name.js";
import { colors, isInteractive, note, output, type outputFormats, table } from "./terminal.js";

type Format = (typeof outputFormats)[number];

/** Calls a method of a record type's service. */
export const callRecord = (
  connection: Connection,
  type: RecordType,
  verb: string,
  request: Json,
  more?: Readonly<Record<string, unknown>>,
): Promise<Json> => connection.call(`${type.name}Service`, `${verb}${type.name}`, request, more);

export const recordTypeName = (type: RecordType): string => `RECORD_TYPE_${type.field.toUpperCase()}`;

/** Adds the commands about single records and lists of them. */
export function addRecordCommands(program: Command): void {
  const named = (name: string, text: string, run: Run) =>
    clientCommand<Options>(program, name, text, (connection, [typeName = "", text = ""], options) => {
      const type = typeNamed(typeName);
      return run({ connection, type, key: { ...parseKey(type, text) } }, options);
    })
      .addArgument(typeArgument())
      .addArgument(keyArgument())
      .addOption(formatOption());
  const details = (command: Command) =>
    command.option("-f, --file <file>", "its details, as JSON or YAML; - for the standard input", "-");

  named("get", "show a record", get)
    .option("--full", "with its relations and ancestors, in json and yaml")
    .addOption(typesOption("--relations <types...>", "with relations of these types only; implies --full"));
  details(named("create", "create a record", create)).option("--validate-only", "only check");
  details(named("update", "replace or change a record's details", update))
    .option("--mask <paths>", 'change only these fields, such as "lr,nodes.node_0.port"; without it, replace all')
    .option("--allow-missing", "create the record where there is none")
    .option("--etag <etag>", "change it only if this is still its etag");
  named("delete", "delete a record and everything downstream of it, once it is confirmed", remove)
    .option("--yes", "do not ask")
    .option("--restrict", "refuse if there is anything downstream")
    .option("--allow-missing", "go on where there is no such record")
    .option("--etag <etag>", "delete it only if this is still its etag");
  clientCommand<ListOptions>(
    program,
    "list",
    "list records in the order of keys",
    (connection, [name, text], options) => list(connection, typeNamed(name ?? ""), text ?? "", options),
  )
    .addArgument(typeArgument())
    .argument("[key]", "the beginning of their keys, whole ids")
    .option("--where <field=id...>", "only those with this id, such as participant_id=p")
    .option("--prefix <text>", "only those whose last id begins so")
    .option("--limit <number>", "the most records", "100")
    .option("--all", "all records, page by page")
    .option("--page-token <token>", "the page that a list before named")
    .addOption(formatOption());
}

export const typesOption = (flags: string, text: string): Option =>
  new Option(flags, text).choices(recordTypes.map(({ field }) => field));

interface Target {
  readonly connection: Connection;
  readonly type: RecordType;
  readonly key: Json & Record<string, string>;
}

interface Options {
  readonly output: Format;
  readonly file: string;
  readonly full?: true;
  readonly relations?: string[];
  readonly mask?: string;
  readonly etag?: string;
  readonly yes?: true;
  readonly restrict?: true;
  readonly allowMissing?: boolean;
  readonly validateOnly?: boolean;
}

type Run = (target: Target, options: Options) => Promise<void>;

async function get({ connection, type, key }: Target, { output: format, full, relations = [] }: Options) {
  const whole = (full || relations.length > 0) && format !== "table";
  const { record } = await callRecord(connection, type, "Get", {
    key,
    view: whole ? "VIEW_FULL" : "VIEW_BASIC",
    relation_types: whole ? relations.map((name) => recordTypeName(typeNamed(name))) : [],
  });
  const counts = format === "table" ? await countsBelow(connection, type, key) : [];
  output(format, record, () => recordTable(type, record as Json, countsText(counts)));
}

async function create({ connection, type, key }: Target, { output: format, file, validateOnly = false }: Options) {
  const request = { key, details: readDetails(file), validate_only: validateOnly };
  const { record } = await callRecord(connection, type, "Create", request);
  output(format, record, () => recordTable(type, record as Json));
}

async function update({ connection, type, key }: Target, options: Options) {
  const { output: format, file, mask, etag = "", allowMissing = false } = options;
  const request = { key, details: readDetails(file), allow_missing: allowMissing, etag };
  // In proto JSON a mask has camelCase names, which not all fields survive.
  const paths = mask?.split(",").map((path) => path.trim());
  const more = paths ? { updateMask: newMessage("google.protobuf.FieldMask", { paths }) } : {};
  const { record } = await callRecord(connection, type, "Update", request, more);
  output(format, record, () => recordTable(type, record as Json));
}

async function remove({ connection, type, key }: Target, options: Options) {
  const { output: format, yes, restrict, allowMissing = false, etag = "" } = options;
  const cascade = restrict ? "CASCADE_RESTRICT" : "CASCADE_RECURSIVE";
  const request = { key, cascade, allow_missing: allowMissing, etag };
  const name = `${type.name} ${keyText(type, key)}`;
  if (!yes) {
    const { deleted = [] } = await callRecord(connection, type, "Delete", { ...request, validate_only: true });
    if ((deleted as Json[]).length > 0) {
      note(`This deletes ${name}:`);
      note(countsTable(deleted as Json[]));
      if (!isInteractive()) {
        throw new Failure(exitCodes.NOT_CONFIRMED, "NOT_CONFIRMED", "nobody is there to confirm it: give --yes");
      }
      const sure = await confirm({ message: "Delete it all?", default: false }, { output: process.stderr }).catch(
        () => false,
      );
      if (!sure) throw new Failure(exitCodes.NOT_CONFIRMED, "NOT_CONFIRMED", "nothing was deleted");
    }
  }
  const response = await callRecord(connection, type, "Delete", request);
  const deleted = (response.deleted ?? []) as Json[];
  output(format, response, () =>
    deleted.length > 0 ? `Deleted ${name}:\n${countsTable(deleted)}` : `There was no ${name}.`,
  );
}

interface ListOptions {
  readonly output: Format;
  readonly where?: string[];
  readonly prefix?: string;
  readonly limit: string;
  readonly all?: true;
  readonly pageToken?: string;
}

async function list(connection: Connection, type: RecordType, text: string, options: ListOptions) {
  const { output: format, where = [], prefix = "", all, pageToken = "" } = options;
  const limit = all ? Number.POSITIVE_INFINITY : Number(options.limit);
  if (!all && !(Number.isInteger(limit) && limit > 0)) throw usageFailure("--limit must be a whole number from 1");
  const filter: Record<string, string> = { ...parseKey(type, text, true), id_prefix: prefix };
  for (const condition of where) {
    const [, field = "", id = ""] = /^([^=]*)=(.*)$/s.exec(condition) ?? [];
    if (!type.key.includes(field)) throw usageFailure(`--where takes ${type.key.join(", ")}: not ${condition}`);
    filter[field] = id;
  }
  const records: Json[] = [];
  let page: Json = { next_page_token: pageToken };
  do {
    page = await callRecord(connection, type, "List", {
      filter,
      page_size: Math.min(limit - records.length, 1000),
      page_token: page.next_page_token ?? "",
      with_total: format === "table" && !all,
    });
    records.push(...((page.records ?? []) as Json[]));
  } while (page.next_page_token && records.length < limit);
  const next = page.next_page_token ? { next_page_token: page.next_page_token } : {};
  output(format, { records, ...next }, () => {
    const rows = records.map((record) => [
      keyText(type, record.key as Ids),
      shortTime(record.created_at),
      shortTime(record.updated_at),
    ]);
    return table(["KEY", "CREATED", "UPDATED"], rows);
  });
  if (page.next_page_token && format === "table") {
    note(`${records.length} of ${page.total_size} records; go on with --page-token ${page.next_page_token}`);
  }
}

/** How many records of each type are downstream of a record: counted by the server, which sends none of them. */
export async function countsBelow(connection: Connection, type: RecordType, key: Ids): Promise<Json[]> {
  if (type.relations.length === 0) return [];
  const request = { key: { [type.field]: { ...key } } };
  const { counts = [] } = await connection.call("ArchiveService", "CountDescendants", request);
  return (counts as Json[]).filter(({ record_type }) => record_type !== recordTypeName(type));
}

const typeOfCount = ({ record_type }: Json) => recordTypes.find((type) => recordTypeName(type) === record_type)?.name;

const numberText = (number: unknown) => Number(number).toLocaleString("en-US");

/** Counts in one line: "3 Run, 1,000 Validation". */
export const countsText = (counts: readonly Json[]): string =>
  counts.map((count) => `${numberText(count.count)} ${typeOfCount(count)}`).join(", ");

const countsTable = (counts: readonly Json[]) =>
  table(
    ["TYPE", "RECORDS"],
    counts.map((count) => [typeOfCount(count) ?? "", numberText(count.count)]),
  );

/** A time to the second: "2021-03-18 16:33:41Z". */
export const shortTime = (time: unknown): string =>
  String(time ?? "")
    .replace("T", " ")
    .replace(/\.\d+/, "");

/** A record, a line for each of its values. */
function recordTable(type: RecordType, record: Json, below = ""): string {
  const { key, details, link, relations, ancestors, ...rest } = record;
  const rows = [...flat(rest, ""), ...flat(link ?? {}, "link"), ...flat(details ?? {}, "details")];
  if (below) rows.push(["downstream", below]);
  const width = Math.max(
    40,
    (process.stdout.columns ?? 10_000) - 4 - Math.max(0, ...rows.map(([name]) => name.length)),
  );
  const shown = rows.map(([name, text]) => [
    colors.dim(name),
    text.length > width ? `${text.slice(0, width - 1)}…` : text,
  ]);
  return `${colors.bold(`${type.name} ${keyText(type, key as Ids)}`)}\n${table([], shown)}`;
}

/** The values of an object by their paths; lists in one line. */
function flat(value: unknown, path: string): [string, string][] {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || (path !== "" && Object.keys(value).length === 0)) {
    return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([name, item]) => flat(item, path ? `${path}.${name}` : name));
}

/** Details out of a file, which is JSON or YAML: the first is nearly all of the second, and NaN needs no quotes there. */
function readDetails(file: string): Json {
  if (file === "-" && process.stdin.isTTY) note("Details, as JSON or YAML; Ctrl-D ends them:");
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw usageFailure(`${file} cannot be read: ${(error as Error).message}`, error);
  }
  const document = parseDocument(text, { intAsBigInt: true });
  const [fault] = document.errors;
  if (fault) {
    const at = fault.linePos?.[0];
    const where = at ? ` at line ${at.line}, column ${at.col}` : "";
    throw usageFailure(`${file} is neither JSON nor YAML${where}: ${fault.message.split("\n")[0]}`, fault);
  }
  const details = protoJson(document.toJS()) as Json | null;
  if (typeof (details ?? {}) !== "object" || Array.isArray(details)) throw usageFailure(`${file} holds no object`);
  return details ?? {};
}

/** What YAML holds and JSON does not, as proto JSON writes it: large integers, NaN and infinities. */
function protoJson(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(protoJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, protoJson(item)]));
}
