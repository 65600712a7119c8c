import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import type { Json } from "./connection.js";
import { keyText } from "./record-name.js";
import { table } from "./table.js";
import { colors } from "./terminal.js";

/** A record, a line for each of its values. */
export function recordTable(type: RecordType, record: Json, below = ""): string {
  const { key, details, link, relations, ancestors, ...rest } = record;
  const rows = [...flat(rest, ""), ...(link ? flat(link, "link") : []), ...flat(details ?? {}, "details")];
  if (below) rows.push(["downstream", below]);
  const widest = rows.reduce((width, [name]) => Math.max(width, name.length), 0);
  const width = Math.max(40, (process.stdout.columns ?? 10_000) - 4 - widest);
  const shown = rows.map(([name, text]) => [
    colors.dim(visible(name)),
    text.length > width ? `${visible(text.slice(0, width - 1))}…` : visible(text),
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

/** A text whose control characters are written as JSON writes them: a record must not command the terminal. */
const visible = (text: string) =>
  text.replace(/\p{Cc}/gu, (character) =>
    character < " " ? JSON.stringify(character).slice(1, -1) : `\\u00${character.charCodeAt(0).toString(16)}`,
  );
