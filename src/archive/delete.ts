import { isDeepStrictEqual } from "node:util";
import { Cascade, View } from "../../generated/ts/synergos/archive/v1/options.js";
import type { Caller } from "../records/caller.js";
import type { FieldViolation } from "../records/field-violation.js";
import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { type RecordTree, type Statements, StorageError, type StoredRecord } from "../storage/store.js";
import { etagMismatch, hasRelations, recordNotFound } from "./archive-error.js";
import { basicRecord, fullRecord } from "./record-message.js";
import type { DeleteRequest, DeleteResponse } from "./requests.js";
import type { Respond } from "./respond.js";
import { isFull, validKey } from "./validate-request.js";

type Counts = Map<RecordType, number>;

/**
 * Deletes a record that has nothing downstream, in two statements that need no transaction: the foreign keys refuse
 * where it has. Resolves to undefined where the record must be deleted in a transaction, by `remove`.
 */
export async function removeLeaf<Answer>(
  statements: Statements,
  type: RecordType,
  request: DeleteRequest,
  respond: Respond<DeleteResponse, Answer>,
): Promise<Answer | undefined> {
  const { full, key } = validRequest(type, request);
  if (full || !type.relations.every(({ ancestors }) => ancestors.includes(type))) return undefined;
  const record = await statements.read(type, key);
  if (!record || (request.etag !== "" && request.etag !== record.etag)) return undefined;
  // The answer is made before, as what cannot be answered must not be done.
  const answer = await respond(response(record, undefined, new Map([[type, 1]]), statements.caller));
  try {
    return (await statements.deleteOne(type, key, record.etag)) ? answer : undefined;
  } catch (error) {
    if (error instanceof StorageError && error.kind === "foreign-key") return undefined;
    throw error;
  }
}

/**
 * Deletes a record and everything downstream, children before parents, one statement a table. Must run in a
 * transaction. The record is locked first, so that nothing new comes directly below it; something that comes further
 * down makes a foreign key refuse the delete of its parent, and the transaction runs again: then everything that can
 * have children is locked from the top down. So is all that is answered, in view FULL, before it is read: ancestors too, or
 * what is answered could be older than what others were told meanwhile.
 */
export async function remove(
  statements: Statements,
  type: RecordType,
  request: DeleteRequest,
): Promise<DeleteResponse> {
  const { full, key } = validRequest(type, request);
  const isRestricted = request.cascade === Cascade.CASCADE_RESTRICT;
  if (full) await statements.lockTree(type, key);
  const record = await statements.lock(type, key);
  if (!record) return missing(type, key, request);
  refuseOther(record, request);
  if (isRestricted) refuseRelations(type, key, await statements.countTree(type, key));
  if (!full && statements.repeated) await statements.lockRelations(type, key);
  const tree = full ? await statements.readTree(type, key, type.relations) : undefined;
  const counts = await deleteAll(statements, type, key, isRestricted ? [] : type.relations);
  // What was locked is what goes; but nothing is said to have gone that did not.
  if (tree && !isDeepStrictEqual(countsOf(tree), counts)) throw new StorageError("conflict", new Error("others came"));
  statements.deleted(record, counts);
  return response(record, tree, counts, statements.caller);
}

/** What `remove` would do, and answer, now: all of it from one snapshot. */
export async function wouldRemove(
  statements: Statements,
  type: RecordType,
  request: DeleteRequest,
): Promise<DeleteResponse> {
  const { full, key } = validRequest(type, request);
  const tree = full ? await statements.readTree(type, key, type.relations) : undefined;
  const counted = full ? undefined : await statements.readCounted(type, key);
  const record = (tree ?? counted)?.record;
  if (!record) return missing(type, key, request);
  refuseOther(record, request);
  const counts = tree ? countsOf(tree) : new Map(counted?.relations).set(type, 1);
  if (request.cascade === Cascade.CASCADE_RESTRICT) refuseRelations(type, key, counts);
  return response(record, tree, counts, statements.caller);
}

function missing(type: RecordType, key: Ids, request: DeleteRequest): DeleteResponse {
  if (request.allow_missing) return { record: undefined, deleted: [] };
  throw recordNotFound(type, key);
}

function refuseOther({ type, key, etag }: StoredRecord, request: DeleteRequest): void {
  if (request.etag !== "" && request.etag !== etag) throw etagMismatch(type, key);
}

function refuseRelations(type: RecordType, key: Ids, counts: Counts): void {
  const relations = new Map([...counts].filter(([relation, count]) => relation !== type && count > 0));
  if (relations.size > 0) throw hasRelations(type, key, relations);
}

/** How many records a tree has but for its ancestors, of all types that it could have. */
function countsOf({ record: { type }, relations }: RecordTree): Counts {
  const counts: Counts = new Map([...type.relations, type].map((each) => [each, 0]));
  for (const each of [...relations, { type }]) counts.set(each.type, (counts.get(each.type) ?? 0) + 1);
  return counts;
}

function validRequest(type: RecordType, request: DeleteRequest) {
  const violations: FieldViolation[] = [];
  const full = isFull(request.view, View.VIEW_BASIC, violations);
  if (!Cascade[request.cascade] || request.cascade < 0) {
    violations.push({ field: "cascade", description: "must be CASCADE_RECURSIVE or CASCADE_RESTRICT" });
  }
  return { full, key: validKey(type, request.key, violations) };
}

async function deleteAll(
  statements: Statements,
  type: RecordType,
  key: Ids,
  below: readonly RecordType[],
): Promise<Counts> {
  const counts: Counts = new Map([...type.relations, type].map((each) => [each, 0]));
  try {
    for (const deleted of [...below].reverse()) {
      counts.set(deleted, await statements.delete(deleted, type, key));
    }
    counts.set(type, await statements.delete(type, type, key));
  } catch (error) {
    // A child came meanwhile.
    if (error instanceof StorageError && error.kind === "foreign-key") throw new StorageError("conflict", error);
    throw error;
  }
  return counts;
}

function response(record: StoredRecord, tree: RecordTree | undefined, counts: Counts, caller: Caller): DeleteResponse {
  return {
    record: tree ? fullRecord(tree, caller) : basicRecord(record, caller),
    deleted: recordTypes.flatMap((type) => {
      const count = counts.get(type) ?? 0;
      return count > 0 ? [{ record_type: type.number, count }] : [];
    }),
  };
}
