import type { WriteOperation } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import { limits } from "../limits.js";
import { quoted } from "../records/quoted.js";
import { recordTypeOfField } from "../records/record-type.js";
import { maxIdLength } from "../records/validate-key.js";

/** As much of a request as names records that are written. */
interface Writes {
  readonly operations?: readonly WriteOperation[];
  readonly records?: readonly ArchiveRecord[];
}

const none: readonly never[] = [];

/** The ids of a key, for the log: as long as valid ones are. */
export function loggedIds(ids: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(ids).map(([name, id]) => [name, typeof id === "string" ? quoted(id, 2 * maxIdLength) : id]),
  );
}

/** What the log has of a call that writes many records: the first of their keys, and how many there are. */
export class KeySample {
  readonly #keys: object[] = [];
  #count = 0;

  /** Takes what a request names; returns itself. */
  add(request: unknown): this {
    const { operations = none, records = none } = (request ?? {}) as Writes;
    if (operations.length + records.length === 0) return this;
    this.#count += operations.length + records.length;
    for (const operation of this.#firstOf(operations)) this.#keys.push(ofOperation(operation));
    for (const record of this.#firstOf(records)) this.#keys.push(ofRecord(record));
    return this;
  }

  /** The members of a line of the log; none where the call is none of that kind. */
  get members(): { readonly records?: number; readonly keys?: readonly object[] } {
    return this.#count === 0 ? {} : { records: this.#count, keys: this.#keys };
  }

  #firstOf<Item>(items: readonly Item[]): readonly Item[] {
    return items.slice(0, Math.max(0, limits.keysLogged - this.#keys.length));
  }
}

function ofOperation({ operation }: WriteOperation): object {
  if (!operation) return {};
  const { $case: kind, value } = operation;
  const key = kind === "delete" ? chosen(value.key?.key, (ids) => ids) : value.record && ofRecord(value.record);
  return { operation: kind, ...key };
}

const ofRecord = ({ record }: ArchiveRecord): object =>
  chosen(record, (value) => (value as { readonly key?: unknown }).key);

/** The type and the ids of what a oneof of all types holds. */
function chosen(
  holder: { readonly $case: string; readonly value: unknown } | undefined,
  keyOf: (value: object) => unknown,
): object {
  if (!holder || typeof holder.value !== "object" || holder.value === null) return {};
  const ids = keyOf(holder.value);
  return { type: recordTypeOfField(holder.$case)?.name, ...(typeof ids === "object" && ids ? loggedIds(ids) : {}) };
}
