import { changeScope, type ScopeOptions } from "./change-scope.js";
import { changeColumns } from "./change-text.js";
import type { Connection, Json } from "./connection.js";
import { usageFailure } from "./failure.js";
import { output } from "./output.js";
import type { OutputFormat } from "./output-format.js";
import { Table } from "./table.js";
import { note, print } from "./terminal.js";

export interface HistoryOptions extends ScopeOptions {
  readonly output: OutputFormat;
  readonly limit: string;
}

/** The most changes of a page. */
const pageSize = 1000;

/** Shows who changed a record, or anything below it, and when: the last change first. */
export async function history(connection: Connection, parameters: string[], options: HistoryOptions): Promise<void> {
  const limit = Number(options.limit);
  if (!(Number.isInteger(limit) && limit > 0)) throw usageFailure("--limit must be a whole number from 1");
  const table = new Table(["REVISION", "TIME", "KIND", "RECORD", ""]);
  const all: Json[] = [];
  let left = limit;
  let token = "";
  do {
    const request = { ...changeScope(parameters, options), page_size: Math.min(left, pageSize), page_token: token };
    const page = await connection.call("ArchiveService", "ListChanges", request);
    const changes = (page.changes ?? []) as Json[];
    if (options.output === "table") {
      if (changes.length > 0) print(table.lines(changes.map(changeColumns)));
    } else all.push(...changes);
    left -= changes.length;
    token = String(page.next_page_token ?? "");
  } while (token !== "" && left > 0);
  if (options.output !== "table") output(options.output, { changes: all }, () => "");
  if (token !== "") note(`there are more: see --limit`);
}
