import { setImmediate as nextTurn } from "node:timers/promises";
import {
  ImportCount,
  type ImportOptions,
  ImportRefusal,
  type ImportRequest,
  type ImportResponse,
  OnConflict,
} from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { ArchiveKey, ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import type { CallContext } from "../call-context.js";
import { compareKeys, joinKey } from "../records/compare-keys.js";
import type { FieldViolation } from "../records/field-violation.js";
import { type RecordType, recordTypeOfField, recordTypes } from "../records/record-type.js";
import { validateDetails } from "../records/validate-details.js";
import { idFault, validateKey } from "../records/validate-key.js";
import {
  maxInserted,
  type NewRecord,
  type Statements,
  StorageError,
  type Store,
  type StoredRecord,
} from "../storage/store.js";
import {
  ArchiveError,
  invalidFields,
  linkExists,
  linkMismatch,
  parentNotFound,
  recordExists,
  refuse,
} from "./archive-error.js";
import {
  detailsShape,
  emptyDetails,
  newRecord,
  type RecordMessage,
  sameDetails,
  storedTime,
  type Timestamp,
} from "./record-message.js";

/** The most records of a batch, and the most characters of details that a statement aims at. */
const maxBatchSize = 1000;
const maxStatementSize = 2 ** 22;

/** How many records are checked at a stretch: about a millisecond's. */
const recordsOfTurn = 50;

/** The most bytes of refusals that an answer lists, so that every client takes it. */
const maxListedSize = 3 * 2 ** 20;

/** A record of an import that is valid by itself. */
interface Candidate {
  readonly index: number;
  readonly record: NewRecord;
  /** What the import gives of times and links; what it does not give is like anything. */
  readonly createdAt: string | undefined;
  readonly updatedAt: string | undefined;
  readonly links: readonly string[];
}

/** What came of a record. */
type Outcome = "created" | "replaced" | "unchanged" | "skipped" | Refusal;

/** Why a record was not written, and which of the records above it are missing. */
interface Refusal {
  readonly error: ArchiveError;
  readonly missing?: readonly RecordType[];
}

/** Writes one batch in a transaction. */
type Write = (work: (statements: Statements) => Promise<Map<Candidate, Outcome>>) => Promise<Map<Candidate, Outcome>>;

/** Writes records with their history, batch by batch. Holds the batch that is written, the next, and what it answers. */
export async function importRecords(
  store: Store,
  requests: AsyncIterable<ImportRequest>,
  context: CallContext,
): Promise<ImportResponse> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  const tally = new Tally();
  if (first.done) return tally.response();
  const options: ImportOptions = first.value.options ?? { on_conflict: 0, validate_only: false };
  if (!OnConflict[options.on_conflict] || options.on_conflict < 0) {
    const description = "must be ON_CONFLICT_FAIL, ON_CONFLICT_SKIP or ON_CONFLICT_REPLACE";
    refuse([{ field: "options.on_conflict", description }]);
  }
  const importAll = async (write: Write) => {
    let index = 0;
    // While the database writes a batch, the next is read and checked.
    let writing = Promise.resolve();
    try {
      for (let next: IteratorResult<ImportRequest> = first; !next.done; next = await unlessFailed(writing, iterator)) {
        const { records, options: repeated } = next.value;
        if (repeated && next !== first) refuse([{ field: "options", description: "belongs into the first message" }]);
        if (records.length > maxBatchSize) {
          refuse([{ field: "records", description: `must be at most ${maxBatchSize}, not ${records.length}` }]);
        }
        const batch = await checkedBatch(records, index);
        await writing;
        writing = importBatch(batch, options.on_conflict, write, tally);
        // Its failure is met where it is waited for.
        writing.catch(() => undefined);
        index += records.length;
      }
    } finally {
      iterator.return?.().catch(() => undefined);
      await writing;
    }
  };
  if (!options.validate_only) await importAll((work) => store.transaction(context, work));
  else {
    const rollback = new Error("rollback");
    const all = store.transaction(context, async (statements) => {
      // Requests can be read once only.
      if (statements.repeated)
        throw new ArchiveError("ABORTED", "CONFLICT", "Others wrote the same records: try again.");
      await importAll((work) => work(statements));
      throw rollback;
    });
    await all.catch((error: unknown) => {
      if (error !== rollback) throw error;
    });
  }
  return tally.response();
}

/** The next request, or the failure of what is written meanwhile: a client may take long to send more. */
function unlessFailed(
  writing: Promise<void>,
  iterator: AsyncIterator<ImportRequest>,
): Promise<IteratorResult<ImportRequest>> {
  const reading = iterator.next();
  reading.catch(() => undefined);
  return Promise.race([reading, writing.then(() => reading)]);
}

/** A batch, with what was found to be wrong with some of its records. */
interface Batch {
  readonly records: readonly ArchiveRecord[];
  /** The index of the first. */
  readonly start: number;
  readonly candidates: readonly Candidate[];
  readonly refused: (readonly [number, Refusal])[];
}

async function checkedBatch(records: readonly ArchiveRecord[], start: number): Promise<Batch> {
  const refused: [number, Refusal][] = [];
  const candidates: Candidate[] = [];
  for (const [offset, record] of records.entries()) {
    const candidate = candidateOf(record, start + offset);
    if ("error" in candidate) refused.push([start + offset, candidate]);
    else candidates.push(candidate);
    // Others have their turn: other calls, and the database that writes the batch before.
    if (offset % recordsOfTurn === recordsOfTurn - 1) await nextTurn();
  }
  return { records, start, candidates, refused };
}

async function importBatch(
  { records, start, candidates, refused }: Batch,
  onConflict: OnConflict,
  write: Write,
  tally: Tally,
): Promise<void> {
  const outcomes = await write(async (statements) => {
    const all = new Map<Candidate, Outcome>();
    for (const group of groups(candidates)) await writeGroup(statements, group, onConflict, all);
    return all;
  });
  for (const [{ index, record }, outcome] of outcomes) {
    if (typeof outcome === "string") tally.count(record.type, outcome);
    else refused.push([index, outcome]);
  }
  refused.sort(([one], [other]) => one - other);
  for (const [index, refusal] of refused) tally.refuse(records[index - start] as ArchiveRecord, index, refusal);
}

/** A record as it would be stored, or what is wrong with it. */
function candidateOf({ record }: ArchiveRecord, index: number): Candidate | Refusal {
  const type = record && recordTypeOfField(record.$case);
  if (!type) return { error: invalidFields([{ field: "record", description: "is required" }]) };
  const { key, details = emptyDetails(type), link, created_at, updated_at } = record.value as unknown as RecordMessage;
  const links = type.links.map((each) => link?.[each.link] ?? "");
  const violations: FieldViolation[] = [
    ...validateKey(type, key, "key"),
    ...validateDetails(detailsShape(type), details, "details"),
    ...links.flatMap((id, position) => {
      const fault = id === "" ? undefined : idFault(id);
      return fault ? [{ field: `link.${type.links[position]?.link}`, description: fault }] : [];
    }),
  ];
  const updatedAt = givenTime("updated_at", updated_at, violations);
  const createdAt = givenTime("created_at", created_at, violations);
  if (createdAt && updatedAt && updatedAt < createdAt) {
    violations.push({ field: "updated_at", description: "must not be before created_at" });
  }
  if (violations.length > 0) return { error: invalidFields(violations) };
  const fresh = newRecord(type, key, details);
  const stored: NewRecord = {
    ...fresh,
    link: links.at(-1) || fresh.link,
    createdAt: createdAt ?? updatedAt ?? fresh.createdAt,
    updatedAt: updatedAt ?? createdAt ?? fresh.updatedAt,
  };
  return { index, record: stored, createdAt, updatedAt, links };
}

/** A given time as it is stored; undefined if none is given. All engines keep those from the year 1000 on. */
function givenTime(field: string, time: Timestamp | undefined, violations: FieldViolation[]): string | undefined {
  if (!time) return undefined;
  const { seconds, nanos } = time;
  if (seconds >= -30610224000n && seconds <= 253402300799n && nanos >= 0 && nanos <= 999_999_999)
    return storedTime(time);
  violations.push({ field, description: "must be from 1000-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z" });
  return undefined;
}

/** Parts of a batch that can each be written type by type: of different keys, and not too large for one statement. */
function* groups(candidates: readonly Candidate[]): Generator<Candidate[]> {
  let group: Candidate[] = [];
  let keys = new Set<string>();
  let size = 0;
  for (const candidate of candidates) {
    const { type, key, details } = candidate.record;
    const id = `${type.field}\n${joinKey(type.key, key)}`;
    if (
      keys.has(id) ||
      group.length === maxInserted ||
      (group.length > 0 && size + details.length > maxStatementSize)
    ) {
      yield group;
      [group, keys, size] = [[], new Set(), 0];
    }
    group.push(candidate);
    keys.add(id);
    size += details.length;
  }
  yield group;
}

/** Writes records of different keys, parents before children. */
async function writeGroup(
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
  { record, links, createdAt, updatedAt }: Candidate,
  onConflict: OnConflict,
): Promise<Outcome> {
  const { type, key } = record;
  const otherLink = links.findIndex((id, position) => id !== "" && id !== existing.links[position]);
  const same =
    otherLink < 0 &&
    [undefined, existing.createdAt].includes(createdAt) &&
    [undefined, existing.updatedAt].includes(updatedAt) &&
    sameDetails(existing.details, record.details);
  if (same) return "unchanged";
  if (onConflict === OnConflict.ON_CONFLICT_SKIP) return "skipped";
  if (onConflict !== OnConflict.ON_CONFLICT_REPLACE) return { error: recordExists(type, key) };
  if (otherLink >= 0) return { error: linkMismatch(type, key, otherLink, existing.links[otherLink] ?? "") };
  // What the import does not say of times stays as it is: a record is created once.
  const kept = { links: existing.links, recordId: existing.recordId, createdAt: createdAt ?? existing.createdAt };
  const replaced = await statements.replace({ ...record, ...kept }, existing.etag);
  if (!replaced) throw new StorageError("conflict", new Error("changed meanwhile"));
  return "replaced";
}

const sortedByKey = (type: RecordType, candidates: Iterable<Candidate>) =>
  [...candidates].sort((one, other) => compareKeys(type, one.record.key, other.record.key));

/** Creates records of one type, if nothing is in the way of any: most imports meet nothing, and need not look. */
async function createAll(statements: Statements, type: RecordType, candidates: readonly Candidate[]): Promise<boolean> {
  // Given ids of records above them must be compared first.
  if (candidates.some(({ links }) => links.slice(0, -1).some((id) => id !== ""))) return false;
  try {
    const records = candidates.map(({ record }) => record);
    await statements.insertMany(type, records);
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
      await statements.insertMany(
        type,
        left.map(({ record }) => record),
      );
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
          const missing = type.ancestors.filter((above) => !present.get(above)?.has(joinKey(above.key, key)));
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

/** What came of all records so far. */
class Tally {
  readonly #counts = new Map<RecordType, ImportCount>();
  readonly #refusals: ImportRefusal[] = [];
  #listedSize = 0;
  #unlisted = 0;

  count(type: RecordType, outcome: "created" | "replaced" | "unchanged" | "skipped" | "refused"): void {
    const count = this.#counts.get(type) ?? ImportCount.fromPartial({ record_type: type.number });
    count[outcome]++;
    this.#counts.set(type, count);
  }

  refuse({ record }: ArchiveRecord, index: number, { error, missing = [] }: Refusal): void {
    const type = record && recordTypeOfField(record.$case);
    const key = record?.value.key as RecordMessage["key"] | undefined;
    if (type) this.count(type, "refused");
    const { reason, message, details } = error;
    const refusal: ImportRefusal = {
      index: BigInt(index),
      key: type && key && archiveKey(type, key),
      reason,
      message,
      violations: [...(details.fieldViolations ?? [])],
      missing: key ? missing.map((above) => archiveKey(above, key)) : [],
    };
    this.#listedSize += ImportRefusal.encode(refusal).finish().length;
    if (this.#listedSize <= maxListedSize) this.#refusals.push(refusal);
    else this.#unlisted++;
  }

  response(): ImportResponse {
    return {
      counts: recordTypes.flatMap((type) => this.#counts.get(type) ?? []),
      refusals: this.#refusals,
      unlisted_refusals: BigInt(this.#unlisted),
    };
  }
}

/** The key of a record of any type, read off its own or that of a record below it. */
function archiveKey(type: RecordType, ids: RecordMessage["key"]): ArchiveKey {
  const value = Object.fromEntries(type.key.map((field) => [field, ids[field] ?? ""]));
  return { key: { $case: type.field, value } as unknown as ArchiveKey["key"] };
}
