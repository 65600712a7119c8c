import type { RecordType } from "../records/record-type.js";
import type { Connection, Json } from "./connection.js";
import { usageFailure } from "./failure.js";
import { listPages } from "./list-pages.js";
import type { OutputFormat } from "./output-format.js";
import { parseKey, typeNamed } from "./record-name.js";
import { recordWriter } from "./record-writer.js";
import { note } from "./terminal.js";

export interface ListOptions {
  readonly output: OutputFormat;
  readonly where?: readonly string[];
  readonly prefix?: string;
  readonly limit: string;
  readonly all?: true;
  readonly pageToken?: string;
}

/** Lists records in the order of keys. Each page is written as it comes. */
export async function list(connection: Connection, [name = "", text = ""]: string[], options: ListOptions) {
  const { output: format, all, pageToken = "" } = options;
  const type = typeNamed(name);
  const limit = all ? Number.POSITIVE_INFINITY : Number(options.limit);
  if (!all && !(Number.isInteger(limit) && limit > 0)) throw usageFailure("--limit must be a whole number from 1");
  const filter = filterOf(type, text, options);
  const writer = recordWriter(format, type);
  let records = 0;
  let last: Json = {};
  const request = { filter, page_token: pageToken, with_total: format === "table" && !all };
  for await (const page of listPages(connection, type, request, limit)) {
    const found = (page.records ?? []) as Json[];
    records += found.length;
    last = page;
    writer.add(found);
  }
  const token = last.next_page_token;
  writer.end(token ? { next_page_token: token } : {});
  if (token && format === "table") {
    note(`${records} of ${last.total_size} records; go on with --page-token ${token}`);
  }
}

function filterOf(type: RecordType, text: string, { where = [], prefix = "" }: ListOptions): Record<string, string> {
  const filter: Record<string, string> = { ...parseKey(type, text, true), id_prefix: prefix };
  for (const condition of where) {
    const [, field = "", id = ""] = /^([^=]*)=(.*)$/s.exec(condition) ?? [];
    if (!type.key.includes(field)) throw usageFailure(`--where takes ${type.key.join(", ")}: not ${condition}`);
    filter[field] = id;
  }
  return filter;
}
