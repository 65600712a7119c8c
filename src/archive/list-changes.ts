import {
  ChangeKind as ChangeKindNumber,
  ChangeOrder,
  type ListChangesRequest,
  type ListChangesResponse,
} from "../../generated/ts/synergos/archive/v1/change.js";
import type { CallContext } from "../call-context.js";
import type { Caller } from "../records/caller.js";
import { changeKindOf, type NumberedChange } from "../records/change.js";
import type { FieldViolation } from "../records/field-violation.js";
import { firstSecond, isTimeFrom, storedTime, type Timestamp } from "../records/times.js";
import type { ChangeLog, ChangeQuery } from "../storage/change-log.js";
import { refuse } from "./archive-error.js";
import { changeMessage } from "./change-message.js";
import { type ChangeScope, changeScope, concerns } from "./change-scope.js";
import { readCheckedToken, writeCheckedToken } from "./checked-token.js";
import { numberAll } from "./number-all.js";
import { invalidPageToken } from "./page-token.js";
import { shownTo } from "./shown-change.js";

const defaultPageSize = 100;
const maxPageSize = 1000;

/** The most pages of changes that are looked through for one answer: of those that may concern a scope, some do not. */
const maxPagesRead = 5;

/** Lists changes: all that is committed is numbered before. */
export async function listChanges(
  log: ChangeLog,
  request: ListChangesRequest,
  context: CallContext,
): Promise<ListChangesResponse> {
  const violations: FieldViolation[] = [];
  const scope = changeScope(request, violations);
  const query = { ...changeQuery(request, scope, violations), sight: context.sight };
  refuse(violations);
  const size = Math.min(request.page_size || defaultPageSize, maxPageSize);
  let after = readToken(request, context);
  if (after === undefined) await numberAll(log, context);
  const changes: NumberedChange[] = [];
  for (let pages = 0; pages < maxPagesRead; pages++) {
    const found = await log.list({ ...query, after }, size + 1, context);
    for (const change of found.slice(0, size)) {
      if (changes.length === size) break;
      after = change.revision;
      const shown = shownTo(context, change);
      if (shown && concerns(shown, scope)) changes.push(shown.change);
    }
    // One more would tell that others follow.
    if (found.length <= size && after === (found.at(-1)?.revision ?? after)) return answer(changes, "");
    if (changes.length === size) break;
  }
  return answer(changes, writeToken(request, context, after ?? 0));
}

const answer = (changes: readonly NumberedChange[], next_page_token: string): ListChangesResponse => ({
  changes: changes.map((change) => changeMessage(change)),
  next_page_token,
});

function changeQuery(
  request: ListChangesRequest,
  { key, types }: ChangeScope,
  violations: FieldViolation[],
): Omit<ChangeQuery, "after" | "sight"> {
  const { kinds, order, page_size, principal, start_time, end_time } = request;
  kinds.forEach((kind, index) => {
    if (ChangeKindNumber[kind] && kind > 0) return;
    const description = "must be CHANGE_KIND_CREATED, CHANGE_KIND_UPDATED or CHANGE_KIND_DELETED";
    violations.push({ field: `kinds[${index}]`, description });
  });
  if (!ChangeOrder[order] || order < 0) {
    const description = "must be CHANGE_ORDER_NEWEST_FIRST or CHANGE_ORDER_OLDEST_FIRST";
    violations.push({ field: "order", description });
  }
  if (page_size < 0) violations.push({ field: "page_size", description: "must not be negative" });
  return {
    key,
    types,
    kinds: [...new Set(kinds)].map(changeKindOf),
    principal,
    from: time("start_time", start_time, violations),
    to: time("end_time", end_time, violations),
    newestFirst: order !== ChangeOrder.CHANGE_ORDER_OLDEST_FIRST,
  };
}

function time(field: string, given: Timestamp | undefined, violations: FieldViolation[]): string | undefined {
  if (!given) return undefined;
  if (isTimeFrom(firstSecond.ofRecords, given)) return storedTime(given);
  violations.push({ field, description: "must be a time from the year 1000 to 9999" });
  return undefined;
}

/** The token of a page is the revision after which it begins. */
const writeToken = (request: ListChangesRequest, caller: Caller, after: number): string =>
  writeCheckedToken([String(after)], bound(request, caller));

function readToken(request: ListChangesRequest, caller: Caller): number | undefined {
  if (request.page_token === "") return undefined;
  const after = readCheckedToken(request.page_token, bound(request, caller));
  if (!after) throw invalidPageToken();
  return Number(after[0]);
}

function bound(request: ListChangesRequest, { sight }: Caller): unknown {
  const { key, record_types, kinds, principal, start_time, end_time, order } = request;
  return [key?.key, record_types, kinds, principal ?? null, start_time, end_time, order, sight?.digest];
}
