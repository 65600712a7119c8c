import { setImmediate as nextTurn } from "node:timers/promises";
import type { OnConflict } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import type { Caller } from "../records/caller.js";
import { joinKey } from "../records/compare-keys.js";
import { maxInserted, type Statements, StorageError } from "../storage/store.js";
import { recordTooLarge } from "./archive-error.js";
import { type Candidate, candidateOf, type Refusal } from "./import-candidate.js";
import { type Outcome, TooLargeTogether, writeGroup } from "./import-group.js";
import type { Tally } from "./import-tally.js";

/** How many records are checked at a stretch: about a millisecond's. */
const recordsOfTurn = 50;

/** A batch, with what was found to be wrong with some of its records. */
export interface Batch {
  readonly records: readonly ArchiveRecord[];
  /** The index of the first. */
  readonly start: number;
  readonly candidates: readonly Candidate[];
  readonly refused: (readonly [number, Refusal])[];
}

export async function checkedBatch(records: readonly ArchiveRecord[], start: number, caller: Caller): Promise<Batch> {
  const refused: [number, Refusal][] = [];
  const candidates: Candidate[] = [];
  for (const [offset, record] of records.entries()) {
    const candidate = candidateOf(record, start + offset, caller);
    if ("error" in candidate) refused.push([start + offset, candidate]);
    else candidates.push(candidate);
    // Others have their turn: other calls, and the database that writes the batch before.
    if (offset % recordsOfTurn === recordsOfTurn - 1) await nextTurn();
  }
  return { records, start, candidates, refused };
}

/** Does the work of a batch in a transaction. */
export type Write = (
  work: (statements: Statements) => Promise<Map<Candidate, Outcome>>,
) => Promise<Map<Candidate, Outcome>>;

/** What an import writes batches with. */
export interface BatchWriter {
  readonly onConflict: OnConflict;
  readonly write: Write;
  readonly tally: Tally;
  /** Asks the database how many bytes of a statement it takes at the most. */
  ask(): Promise<number>;
  /** What it said last. */
  largestStatement: number;
  /** The bytes that a statement with several records aims at. Less where the database did not take so many. */
  statementSize: number;
}

/** The bytes that a statement aims at. As text, one is twice as large where every character must be escaped. */
export const aimedSize = (largestStatement: number): number => Math.min(2 ** 22, largestStatement / 2);

/** Writes a batch. Where the database does not take some of it for its size, it is done again without. */
export async function importBatch({ records, start, candidates, refused }: Batch, writer: BatchWriter): Promise<void> {
  const { write, onConflict, tally } = writer;
  let outcomes = new Map<Candidate, Outcome>();
  let left = candidates;
  const keepBelow = (size: number, cause?: unknown) => {
    for (const { index, record, size: own } of left) {
      if (own > size) refused.push([index, { error: recordTooLarge(record.type, record.key, cause) }]);
    }
    left = left.filter((candidate) => candidate.size <= size);
  };
  keepBelow(writer.largestStatement);
  for (let done = false; !done; ) {
    try {
      outcomes = await write(async (statements) => {
        const all = new Map<Candidate, Outcome>();
        for (const group of groups(left, writer.statementSize)) await writeGroup(statements, group, onConflict, all);
        return all;
      });
      done = true;
    } catch (error) {
      // A connection is lost, too, where a server ends it before its error is read.
      const isLost = error instanceof StorageError && error.kind === "unavailable";
      if (!isLost && !(error instanceof TooLargeTogether)) throw error;
      const largest = await writer.ask();
      if (largest < writer.largestStatement) {
        // It was changed, or another server answered.
        writer.largestStatement = largest;
        writer.statementSize = aimedSize(largest);
        keepBelow(largest, error);
        continue;
      }
      if (!(error instanceof TooLargeTogether)) throw error;
      const size = error.candidates.reduce((sum, candidate) => sum + candidate.size, 0);
      // What is as large as a record that is not taken is not taken either.
      if (error.candidates.length === 1) keepBelow(size - 1, error.cause);
      else writer.statementSize = Math.floor(size / 2);
    }
  }
  for (const [{ index, record }, outcome] of outcomes) {
    if (typeof outcome === "string") tally.count(record.type, outcome);
    else refused.push([index, outcome]);
  }
  refused.sort(([one], [other]) => one - other);
  for (const [index, refusal] of refused) tally.refuse(records[index - start] as ArchiveRecord, index, refusal);
}

/** Parts of a batch that can each be written type by type: of different keys, and not too large for one statement. */
function* groups(candidates: readonly Candidate[], statementSize: number): Generator<Candidate[]> {
  let group: Candidate[] = [];
  let keys = new Set<string>();
  let size = 0;
  for (const candidate of candidates) {
    const { type, key } = candidate.record;
    const id = `${type.field}\n${joinKey(type.key, key)}`;
    if (keys.has(id) || group.length === maxInserted || (group.length > 0 && size + candidate.size > statementSize)) {
      yield group;
      [group, keys, size] = [[], new Set(), 0];
    }
    group.push(candidate);
    keys.add(id);
    size += candidate.size;
  }
  yield group;
}
