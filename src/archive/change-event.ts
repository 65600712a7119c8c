import type { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import type { Caller } from "../records/caller.js";
import type { NumberedChange } from "../records/change.js";
import { joinKey } from "../records/compare-keys.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import type { Store, StoredRecord } from "../storage/store.js";
import { changeMessage } from "./change-message.js";
import { archiveRecord, basicRecord } from "./record-message.js";
import { writeResumeToken } from "./resume-token.js";
import { SharedResponse } from "./shared-response.js";
import type { ShownChange } from "./shown-change.js";

/** A change that watches are told of, with the record as it is. */
export class ChangeEvent {
  /** About the bytes that it takes. */
  readonly size: number;
  /** What is sent of it, by who sees the same: it is made, and encoded, once for all of them. */
  readonly #responses = new Map<string, SharedResponse>();

  constructor(
    readonly change: NumberedChange,
    private readonly record: StoredRecord | undefined,
  ) {
    this.size = bytesOfChange + (record?.details.length ?? 0);
  }

  /** What a caller is sent, of what it is shown. Each may be the last of its message, and has where to go on from. */
  response({ change }: ShownChange, caller: Caller, historyId: string, existing_complete: boolean): SharedResponse {
    const { revision, mark } = this.change;
    const likeness = `${existing_complete} ${caller.sight?.digest ?? ""}`;
    const known = this.#responses.get(likeness);
    if (known) return known;
    // Those of callers who each see something else are not kept for all of them.
    if (this.#responses.size === mostResponses) this.#responses.clear();
    const record = this.record && archiveRecord(this.record.type, basicRecord(this.record, caller));
    const made = new SharedResponse({
      existing: [],
      changes: [changeMessage(change, record)],
      resume_token: writeResumeToken({ historyId, revision, mark }),
      revision: BigInt(revision),
      existing_complete,
    });
    this.#responses.set(likeness, made);
    return made;
  }
}

const bytesOfChange = 500;

/** For so many different sights a change is kept encoded. */
const mostResponses = 4;

/** How many changes are read at a time: fewer where records are large, as far as those before tell. */
export class ReadingPace {
  #count: number = limits.changesRead;

  get count(): number {
    return this.#count;
  }

  /** So many were read, of so many bytes. */
  learn(count: number, bytes: number): void {
    const fitting = Math.floor((limits.bytesOfStreamMessage * count) / Math.max(1, bytes));
    this.#count = Math.max(1, Math.min(limits.changesRead, fitting));
  }
}

/** Changes with their records, some at a time: as many as are read at once while records are small. */
export async function* changeEvents(
  store: Store,
  changes: readonly NumberedChange[],
  pace: ReadingPace,
  context: CallContext,
): AsyncGenerator<ChangeEvent[]> {
  for (let start = 0; start < changes.length; ) {
    const part = changes.slice(start, start + pace.count);
    const { records, bytes, whole } = await recordsOf(store, part, context);
    pace.learn(whole ? part.length : records.size, bytes);
    // They are larger than those before: fewer are read again.
    if (!whole) continue;
    start += part.length;
    yield part.map((change) => {
      // One that was made again since is told of by its own change.
      const isGone = change.kind === "deleted";
      return new ChangeEvent(change, isGone ? undefined : records.get(idOf(change.type, change.key)));
    });
  }
}

/** The records of changes as they are now, those that are not gone, by idOf; not all where those of several are large. */
async function recordsOf(store: Store, changes: readonly NumberedChange[], context: CallContext) {
  const keys = new Map<RecordType, Map<string, Ids>>();
  for (const { kind, type, key } of changes) {
    if (kind === "deleted") continue;
    const ofType = keys.get(type) ?? new Map<string, Ids>();
    keys.set(type, ofType.set(joinKey(type.key, key), key));
  }
  const statements = store.statements(context);
  const records = new Map<string, StoredRecord>();
  let bytes = 0;
  for (const [type, ofType] of keys) {
    for await (const found of statements.readMany(type, [...ofType.values()])) {
      for (const record of found) {
        records.set(idOf(type, record.key), record);
        bytes += bytesOfChange + record.details.length;
      }
      if (bytes > limits.bytesOfChangesRead && records.size > 1) return { records, bytes, whole: false };
    }
  }
  return { records, bytes, whole: true };
}

const idOf = (type: RecordType, key: Ids) => `${type.number} ${joinKey(type.key, key)}`;
