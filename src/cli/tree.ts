import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { callRecord } from "./call-record.js";
import type { Connection, Json } from "./connection.js";
import { usageFailure } from "./failure.js";
import { listPages } from "./list-pages.js";
import { countsBelow, countsText } from "./record-counts.js";
import { idText, parseKey, typeNamed } from "./record-name.js";
import { shortTime } from "./short-time.js";
import { colors, print } from "./terminal.js";

export interface TreeOptions {
  readonly depth: string;
  readonly limit: string;
}

/** Draws the hierarchy. */
export async function tree(
  connection: Connection,
  [name, keyText = ""]: string[],
  options: TreeOptions,
): Promise<void> {
  const [depth, limit] = [wholeNumber("--depth", options.depth), wholeNumber("--limit", options.limit)];
  const drawing = new Drawing(connection, limit);
  if (!name) return drawing.roots(depth);
  const type = typeNamed(name);
  const key = parseKey(type, keyText);
  const { record } = await callRecord(connection, type, "Get", { key: { ...key }, view: "VIEW_BASIC" });
  await drawing.record(type, record as Json, [], "", "", depth);
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d+$/.test(text)) throw usageFailure(`${flag} must be a whole number`);
  return Number(text);
}

/** Draws as it asks: what is not drawn is counted by the server, and never fetched. */
class Drawing {
  constructor(
    private readonly connection: Connection,
    private readonly limit: number,
  ) {}

  /** The records that need no others. */
  async roots(depth: number): Promise<void> {
    for (const type of recordTypes.filter(({ parents }) => parents.length === 0)) {
      const list = await this.#list(type, {});
      if (list.total === 0) continue;
      print(`${colors.bold(type.plural)}  ${colors.dim(list.total.toLocaleString("en-US"))}`);
      await this.#lines(type, list, [], "", true, depth);
    }
  }

  /** A record, and what is below it: to some depth drawn, then counted. */
  async record(
    type: RecordType,
    record: Json,
    above: readonly string[],
    first: string,
    next: string,
    depth: number,
  ): Promise<void> {
    const key = record.key as Ids;
    // Ids that stand above it already are not said again.
    const ids = type.key.filter((field) => !above.includes(field)).map((field) => idText(key[field] ?? ""));
    const counts = countsText(await countsBelow(this.connection, type, key));
    const changed = colors.dim(`changed ${shortTime(record.updated_at)}`);
    print(
      [`${first}${colors.cyan(type.field)} ${ids.join("/")}`.trimEnd(), changed, counts].filter(Boolean).join("  "),
    );
    if (depth === 0) return;
    const below: [RecordType, List][] = [];
    for (const child of recordTypes.filter(({ parents }) => parents.includes(type))) {
      const list = await this.#list(child, key);
      if (list.total > 0) below.push([child, list]);
    }
    for (const [index, [child, list]] of below.entries()) {
      await this.#lines(child, list, type.key, next, index === below.length - 1, depth - 1);
    }
  }

  /** Some records of one type, the last of which may end the list that they stand in. */
  async #lines(
    type: RecordType,
    { records, shown, total }: List,
    above: readonly string[],
    margin: string,
    endsList: boolean,
    depth: number,
  ): Promise<void> {
    const more = total - shown;
    let drawn = 0;
    for await (const record of records) {
      const isLast = endsList && more === 0 && ++drawn === shown;
      const [branch, trunk] = isLast ? ["└─ ", "   "] : ["├─ ", "│  "];
      await this.record(type, record, above, margin + branch, margin + trunk, depth);
    }
    const line = `… ${more.toLocaleString("en-US")} more ${type.plural}`;
    if (more > 0) print(`${margin}${endsList ? "└─ " : "├─ "}${colors.dim(line)}`);
  }

  /** Some records of one type below another; the first page is asked for at once, as it says how many there are. */
  async #list(type: RecordType, ids: Ids): Promise<List> {
    const filter = Object.fromEntries(Object.entries(ids).filter(([field]) => type.key.includes(field)));
    const request = { filter, with_total: true };
    const pages = listPages(this.connection, type, request, Math.max(1, this.limit));
    const { value: first } = await pages.next();
    const { total_size = 0 } = (first ?? {}) as Json;
    const total = Number(total_size);
    const { limit } = this;
    const records = async function* () {
      if (limit > 0) yield* (first?.records ?? []) as Json[];
      for await (const page of limit > 0 ? pages : []) yield* (page.records ?? []) as Json[];
    };
    return { records: records(), shown: Math.min(limit, total), total };
  }
}

/** Records to draw. */
interface List {
  readonly records: AsyncIterable<Json>;
  /** How many of them are drawn. */
  readonly shown: number;
  readonly total: number;
}
