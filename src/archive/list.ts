import { View } from "../../generated/ts/synergos/archive/v1/options.js";
import type { FieldViolation } from "../records/field-violation.js";
import type { RecordType } from "../records/record-type.js";
import { idFault } from "../records/validate-key.js";
import {
  type Listed,
  type ListQuery,
  type Page,
  type RecordTree,
  type Statements,
  StorageError,
} from "../storage/store.js";
import { ResponseTooLarge, refuse } from "./archive-error.js";
import { readPageToken, writePageToken } from "./page-token.js";
import { RecordList, type ShownRecord } from "./record-message.js";
import type { ListRequest, ListResponse } from "./requests.js";
import type { Respond } from "./respond.js";
import { askedRelations } from "./validate-request.js";

const defaultPageSize = 100;
const maxPageSize = 1000;

/** Answers a page of records in the order of keys: as many of those that were asked for as an answer has room for. */
export async function list<Answer>(
  statements: Statements,
  type: RecordType,
  request: ListRequest,
  respond: Respond<ListResponse<RecordList>, Answer>,
): Promise<Answer> {
  const { caller } = statements;
  const violations: FieldViolation[] = [];
  const relations = askedRelations(type, request, View.VIEW_BASIC, violations);
  const query = listQuery(type, request.filter, violations);
  if (request.page_size < 0) violations.push({ field: "page_size", description: "must not be negative" });
  refuse(violations);
  const size = Math.min(request.page_size || defaultPageSize, maxPageSize);
  const page = { size, after: readPageToken(type, request, caller) };
  const [{ items, more }, total] = await Promise.all([
    relations
      ? treesThatFit(statements, type, query, page, relations)
      : statements.list(type, query, page).then(({ items, more }) => ({
          items: items.map((record): ShownRecord => ({ record })),
          more,
        })),
    request.with_total ? statements.count(type, query) : undefined,
  ]);
  for (let shown = items.length; ; ) {
    const last = more || shown < items.length ? items[shown - 1] : undefined;
    try {
      return await respond({
        records: new RecordList(items.slice(0, shown), caller),
        next_page_token: last ? writePageToken(type, request, caller, last.record.key) : "",
        total_size: total,
      });
    } catch (error) {
      if (!(error instanceof ResponseTooLarge) || shown < 2) throw error;
      shown = fewer(items.slice(0, shown), error.limit / error.size);
    }
  }
}

/** A page of records with their relations, or the beginning of one: as many records as there is memory for. */
async function treesThatFit(
  statements: Statements,
  type: RecordType,
  query: ListQuery,
  { size, after }: Page,
  relations: readonly RecordType[],
): Promise<Listed<RecordTree>> {
  for (let fitting = size; ; fitting = Math.ceil(fitting / 4)) {
    try {
      return await statements.listTrees(type, query, { size: fitting, after }, relations);
    } catch (error) {
      if (!(error instanceof StorageError && error.kind === "result-too-large") || fitting === 1) throw error;
    }
  }
}

/** How many of some records have about a share of what all of them have: at least one, and not all. */
function fewer(items: readonly ShownRecord[], share: number) {
  const sizes = items.map(({ record, relations = [] }) =>
    [record, ...relations].reduce((sum, { details }) => sum + 200 + details.length, 0),
  );
  let room = 0.95 * share * sizes.reduce((sum, size) => sum + size, 0);
  const fitting = sizes.findIndex((size) => {
    room -= size;
    return room < 0;
  });
  return Math.min(Math.max(1, fitting), items.length - 1);
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
