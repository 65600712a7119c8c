import { OnConflict } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { type Caller, isVisible } from "../records/caller.js";
import { compareKeys, joinKey } from "../records/compare-keys.js";
import { givesHidden, keepHidden } from "../records/mask-details.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { fromStoredJson, toStoredJson } from "../records/stored-json.js";
import { type Statements, StorageError, type StoredRecord } from "../storage/store.js";
import { linkExists, linkMismatch, parentNotFound, recordExists } from "./archive-error.js";
import type { Candidate, Refusal } from "./import-candidate.js";
import { detailsOf, detailsShape, sameDetails } from "./record-message.js";

/** What came of a record. */
export type Outcome = "created" | "replaced" | "unchanged" | "skipped" | Refusal;

/** Writes records of different keys, parents before children. */
export async function writeGroup(
  statements: Statements,
  group: readonly Candidate[],
  onConflict: OnConflict,
  outcomes: Map<Candidate, Outcome>,
): Promise<void> {
  for (const type of recordTypes) {
    const fresh = new Map<string, Candidate>();
    for (const each of group) if (each.record.type === type) fresh.set(joinKey(type.key, each.record.key), each);
    if (fresh.size === 0) continue;
    const all = sortedByKey(type, fresh.values());
    if (await createAll(statements, type, all)) {
      for (const candidate of all) outcomes.set(candidate, "created");
      continue;
    }
    const keys = [...fresh.values()].map(({ record }) => record.key);
    for await (const found of statements.readMany(type, keys)) {
      for (const existing of found) {
        const id = joinKey(type.key, existing.key);
        const candidate = fresh.get(id) as Candidate;
        fresh.delete(id);
        outcomes.set(candidate, await meet(statements, existing, candidate, onConflict));
      }
    }
    await create(statements, type, sortedByKey(type, fresh.values()), outcomes);
  }
}

/** What becomes of a record whose key is taken. */
async function meet(
  statements: Statements,
  existing: StoredRecord,
  candidate: Candidate,
  onConflict: OnConflict,
): Promise<Outcome> {
  const { links, createdAt, updatedAt } = candidate;
  const { record, revealing } = keepingHidden(statements.caller, existing, candidate);
  const { type, key } = record;
  const otherLink = links.findIndex((id, position) => id !== "" && id !== existing.links[position]);
  const same =
    !revealing &&
    otherLink < 0 &&
    [undefined, existing.createdAt].includes(createdAt) &&
    [undefined, existing.updatedAt].includes(updatedAt) &&
    sameDetails(existing.details, record.details);
  if (same) return "unchanged";
  if (onConflict === OnConflict.ON_CONFLICT_SKIP) return "skipped";
  if (onConflict !== OnConflict.ON_CONFLICT_REPLACE) return { error: recordExists(type, key) };
  if (otherLink >= 0) return { error: linkMismatch(type, key, otherLink, existing.links[otherLink] ?? "") };
  // What the import does not say of times stays as it is: a record is created once.
  const { recordId, createdBy } = existing;
  const kept = { links: existing.links, recordId, createdAt: createdAt ?? existing.createdAt, createdBy };
  const replaced = await unlessTooLarge([candidate], statements.replace({ ...record, ...kept }, existing.etag));
  if (!replaced) throw new StorageError("conflict", new Error("changed meanwhile"));
  return "replaced";
}

/**
 * A record that is to replace one, with what there is not for the caller of that. Where the caller gives such a thing
 * itself, nothing must tell whether it is what is there.
 */
function keepingHidden(caller: Caller, existing: StoredRecord, { record }: Candidate) {
  const { type, key } = record;
  const hidden = caller.sight?.hidden(type, key);
  if (!hidden) return { record, revealing: false };
  const shape = detailsShape(type);
  const given = fromStoredJson(shape, record.details);
  const details = toStoredJson(shape, keepHidden(shape, given, detailsOf(existing), hidden));
  return { record: { ...record, details }, revealing: givesHidden(shape, given, hidden) };
}

/** What the database did not take by one statement. */
export class TooLargeTogether extends Error {
  override readonly name = "TooLargeTogether";

  constructor(
    readonly candidates: readonly Candidate[],
    cause: unknown,
  ) {
    super("the database does not take so much by one statement", { cause });
  }
}

const unlessTooLarge = <Result>(candidates: readonly Candidate[], writing: Promise<Result>): Promise<Result> =>
  writing.catch((error: unknown) => {
    const isTooLarge = error instanceof StorageError && error.kind === "value-too-large";
    throw isTooLarge ? new TooLargeTogether(candidates, error) : error;
  });

const insertMany = (statements: Statements, type: RecordType, candidates: readonly Candidate[]) =>
  unlessTooLarge(
    candidates,
    statements.insertMany(
      type,
      candidates.map(({ record }) => record),
    ),
  );

const sortedByKey = (type: RecordType, candidates: Iterable<Candidate>) =>
  [...candidates].sort((one, other) => compareKeys(type, one.record.key, other.record.key));

/** Creates records of one type, if nothing is in the way of any: most imports meet nothing, and need not look. */
async function createAll(statements: Statements, type: RecordType, candidates: readonly Candidate[]): Promise<boolean> {
  // Given ids of records above them must be compared first.
  if (candidates.some(({ links }) => links.slice(0, -1).some((id) => id !== ""))) return false;
  try {
    await insertMany(statements, type, candidates);
    return true;
  } catch (error) {
    if (error instanceof StorageError && (error.kind === "duplicate" || error.kind === "foreign-key")) return false;
    throw error;
  }
}

/** Creates records of one type. Only a refused insert asks which of them it cannot take, and why. */
async function create(
  statements: Statements,
  type: RecordType,
  candidates: readonly Candidate[],
  outcomes: Map<Candidate, Outcome>,
): Promise<void> {
  const refuseSome = (test: (candidate: Candidate) => Refusal | undefined, some: readonly Candidate[]) =>
    some.filter((candidate) => {
      const refusal = test(candidate);
      if (refusal) outcomes.set(candidate, refusal);
      return !refusal;
    });
  let left = [...candidates];
  for (const [position, owner] of type.links.slice(0, -1).entries()) {
    const giving = left.filter(({ links }) => links[position]);
    const ids = await statements.ownLinks(owner.type, distinctKeys(owner.type, giving));
    left = refuseSome(({ record: { key }, links }) => {
      const id = ids.get(joinKey(owner.type.key, key));
      const differs = links[position] && id !== undefined && id !== links[position];
      return differs ? { error: linkMismatch(type, key, position, id) } : undefined;
    }, left);
  }
  while (left.length > 0) {
    try {
      await insertMany(statements, type, left);
      for (const candidate of left) outcomes.set(candidate, "created");
      return;
    } catch (error) {
      const kind = error instanceof StorageError ? error.kind : "unknown";
      if (kind !== "duplicate" && kind !== "foreign-key") throw error;
      const before = left.length;
      if (kind === "duplicate") {
        const taken = type.link
          ? await statements.takenLinks(
              type,
              left.map(({ record }) => record.link as string),
            )
          : new Set<string>();
        left = refuseSome(({ record }) => {
          const id = record.link ?? "";
          const isTaken = taken.has(id);
          taken.add(id);
          return isTaken ? { error: linkExists(type, record.key, id) } : undefined;
        }, left);
      } else {
        const present = new Map<RecordType, ReadonlyMap<string, string>>();
        for (const ancestor of type.ancestors) {
          present.set(ancestor, await statements.ownLinks(ancestor, distinctKeys(ancestor, left)));
        }
        left = refuseSome(({ record: { key } }) => {
          const missing = type.ancestors.filter(
            (above) => isVisible(statements.caller, above, key) && !present.get(above)?.has(joinKey(above.key, key)),
          );
          return missing.length > 0 ? { error: parentNotFound(type, key, missing), missing } : undefined;
        }, left);
      }
      // What was in the way came, or came back, just now.
      if (left.length === before) throw new StorageError("conflict", error);
    }
  }
}

const distinctKeys = (type: RecordType, candidates: readonly Candidate[]) => [
  ...new Map(candidates.map(({ record }) => [joinKey(type.key, record.key), record.key])).values(),
];
