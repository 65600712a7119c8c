import type { CallContext } from "../call-context.js";
import { type Change, changeKindOf, changeKinds, type NewChange } from "../records/change.js";
import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypeOfNumber } from "../records/record-type.js";
import { storedNow } from "../records/times.js";

export const created = ({ type, key, etag }: { type: RecordType; key: Ids; etag: string }): NewChange => ({
  kind: "created",
  type,
  key,
  previousEtag: "",
  etag,
});

/** How a count for each type is stored: by their numbers. */
export const storedCounts = (counts: ReadonlyMap<RecordType, number>): string =>
  JSON.stringify(
    Object.fromEntries([...counts].flatMap(([{ number }, count]) => (count > 0 ? [[number, count]] : []))),
  );

export const countsOf = (stored: string): ReadonlyMap<RecordType, number> =>
  new Map(
    Object.entries(JSON.parse(stored) as Record<string, number>).flatMap(([number, count]) => {
      const type = recordTypeOfNumber(Number(number));
      return type ? [[type, count] as const] : [];
    }),
  );

type Noted = [
  kind: number,
  type: number,
  ids: string[],
  previousEtag: string,
  etag: string,
  at: string,
  principal: string,
  requestId: string,
  deleted: string | null,
];

/** A change as one of a transaction's is written down: short, as every write pays for it. */
export function noted(change: NewChange, { principal, requestId }: CallContext): string {
  const { kind, type, key, previousEtag, etag, deleted } = change;
  const note: Noted = [
    changeKinds[kind],
    type.number,
    type.key.map((field) => key[field] as string),
    previousEtag,
    etag,
    storedNow(),
    principal,
    requestId,
    deleted ? storedCounts(deleted) : null,
  ];
  return JSON.stringify(note);
}

/** The changes of a transaction, as its row has them. Those of a type that this program does not know are left out. */
export const changesOf = (row: string): Change[] =>
  (JSON.parse(row) as Noted[]).flatMap(
    ([kind, number, ids, previousEtag, etag, at, principal, requestId, deleted]): Change[] => {
      const type = recordTypeOfNumber(number);
      if (!type) return [];
      const key = Object.fromEntries(type.key.map((field, index) => [field, ids[index] ?? ""]));
      const counts = deleted === null ? undefined : countsOf(deleted);
      return [{ kind: changeKindOf(kind), type, key, previousEtag, etag, at, principal, requestId, deleted: counts }];
    },
  );
