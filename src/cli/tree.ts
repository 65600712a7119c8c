import type { Command } from "commander";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { clientCommand, keyArgument, typeArgument } from "./client-command.js";
import type { Connection, Json } from "./connection.js";
import { usageFailure } from "./failure.js";
import { callRecord, countsBelow, countsText, shortTime } from "./record-commands.js";
import { type Ids, idText, parseKey, typeNamed } from "./record-name.js";
import { colors, print } from "./terminal.js";

interface Options {
  readonly depth: string;
  readonly limit: string;
}

/** Adds the command that draws the hierarchy. */
export function addTreeCommand(program: Command): void {
  const text =
    "draw what is below a record, or the whole archive, each with the time of its own last change and counts of what is downstream";
  clientCommand<Options>(program, "tree", text, async (connection, [name, keyText = ""], options) => {
    const [depth, limit] = [wholeNumber("--depth", options.depth), wholeNumber("--limit", options.limit)];
    const drawing = new Drawing(connection, limit);
    if (!name) return drawing.roots(depth);
    const type = typeNamed(name);
    const key = parseKey(type, keyText);
    const { record } = await callRecord(connection, type, "Get", { key: { ...key }, view: "VIEW_BASIC" });
    await drawing.record(type, record as Json, [], "", "", depth);
  })
    .addArgument(typeArgument(false))
    .addArgument(keyArgument(false))
    .option("--depth <levels>", "how many levels to draw below the first", "1")
    .option("--limit <records>", "the most records of one type to draw below another", "20");
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
      const { records, total } = await this.#list(type, {});
      if (total === 0) continue;
      print(`${colors.bold(type.plural)}  ${colors.dim(total.toLocaleString("en-US"))}`);
      await this.#lines(type, records, total, [], "", true, depth);
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
    const below: [RecordType, { records: Json[]; total: number }][] = [];
    for (const child of recordTypes.filter(({ parents }) => parents.includes(type))) {
      const list = await this.#list(child, key);
      if (list.total > 0) below.push([child, list]);
    }
    for (const [index, [child, { records, total }]] of below.entries()) {
      await this.#lines(child, records, total, type.key, next, index === below.length - 1, depth - 1);
    }
  }

  /** Some records of one type, the last of which may end the list that they stand in. */
  async #lines(
    type: RecordType,
    records: Json[],
    total: number,
    above: readonly string[],
    margin: string,
    endsList: boolean,
    depth: number,
  ): Promise<void> {
    const more = total - records.length;
    for (const [index, record] of records.entries()) {
      const isLast = endsList && more === 0 && index === records.length - 1;
      const [branch, trunk] = isLast ? ["└─ ", "   "] : ["├─ ", "│  "];
      await this.record(type, record, above, margin + branch, margin + trunk, depth);
    }
    const line = `… ${more.toLocaleString("en-US")} more ${type.plural}`;
    if (more > 0) print(`${margin}${endsList ? "└─ " : "├─ "}${colors.dim(line)}`);
  }

  async #list(type: RecordType, ids: Ids): Promise<{ records: Json[]; total: number }> {
    const filter = Object.fromEntries(Object.entries(ids).filter(([field]) => type.key.includes(field)));
    const request = { filter, page_size: Math.max(1, this.limit), with_total: true };
    const { records = [], total_size = 0 } = await callRecord(this.connection, type, "List", request);
    return { records: (records as Json[]).slice(0, this.limit), total: Number(total_size) };
  }
}
