import { View } from "../../generated/ts/synergos/archive/v1/options.js";
import type { FieldViolation } from "../records/field-violation.js";
import type { RecordType } from "../records/record-type.js";
import { idFault } from "../records/validate-key.js";
import type { ListQuery, Statements } from "../storage/store.js";
import { refuse } from "./archive-error.js";
import { readPageToken, writePageToken } from "./page-token.js";
import { basicRecord, fullRecord } from "./record-message.js";
import type { ListRequest, ListResponse } from "./requests.js";
import { askedRelations } from "./validate-request.js";

const defaultPageSize = 100;
const maxPageSize = 1000;

/** Returns a page of records in the order of keys. */
export async function list(statements: Statements, type: RecordType, request: ListRequest): Promise<ListResponse> {
  const violations: FieldViolation[] = [];
  const relations = askedRelations(type, request, View.VIEW_BASIC, violations);
  const query = listQuery(type, request.filter, violations);
  if (request.page_size < 0) violations.push({ field: "page_size", description: "must not be negative" });
  refuse(violations);
  const size = Math.min(request.page_size || defaultPageSize, maxPageSize);
  // One more than asked for tells whether there is a next page.
  const page = { size: size + 1, after: readPageToken(type, request) };
  const [found, total] = await Promise.all([
    relations
      ? statements.listTrees(type, query, page, relations)
      : (await statements.list(type, query, page)).map((record) => ({ record })),
    request.with_total ? statements.count(type, query) : undefined,
  ]);
  const shown = found.slice(0, size);
  const last = found.length > size ? shown.at(-1) : undefined;
  return {
    records: shown.map((item) => ("relations" in item ? fullRecord(item) : basicRecord(item.record))),
    next_page_token: last ? writePageToken(type, request, last.record.key) : "",
    total_size: total,
  };
}

function listQuery(type: RecordType, filter: ListRequest["filter"], violations: FieldViolation[]): ListQuery {
  const equal: Record<string, string> = {};
  for (const field of type.key) {
    const id = filter?.[field];
    if (id === undefined) continue;
    const fault = idFault(id);
    if (fault) violations.push({ field: `filter.${field}`, description: fault });
    equal[field] = id;
  }
  const prefix = filter?.id_prefix ?? "";
  // White space may end a prefix, for it does not end the id.
  const trimmed = prefix.trimEnd();
  const fault = prefix === "" ? undefined : trimmed === "" ? "must not be white space" : idFault(trimmed);
  if (fault) violations.push({ field: "filter.id_prefix", description: fault });
  return { equal, prefix };
}
