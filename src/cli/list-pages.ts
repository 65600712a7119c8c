import type { RecordType } from "../records/record-type.js";
import { callRecord } from "./call-record.js";
import type { Connection, Json } from "./connection.js";

/** The most records that the server puts into a page. */
const maxPage = 1000;

/** The answers to a list, page by page, until there are no more or a number of records is there. */
export async function* listPages(
  connection: Connection,
  type: RecordType,
  request: Json,
  limit: number,
): AsyncGenerator<Json> {
  let left = limit;
  let page: Json = { next_page_token: request.page_token ?? "" };
  do {
    const page_token = page.next_page_token ?? "";
    page = await callRecord(connection, type, "List", { ...request, page_size: Math.min(left, maxPage), page_token });
    left -= ((page.records ?? []) as Json[]).length;
    yield page;
  } while (page.next_page_token && left > 0);
}
