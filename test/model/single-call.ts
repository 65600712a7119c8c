import type { Ids } from "../../src/records/ids.js";
import {
  batch,
  compareKeys,
  downstream,
  type Entry,
  idOf,
  importRecord,
  list,
  type OnConflict,
  type State,
  upstream,
  type Values,
  type Write,
  write,
} from "./hierarchy-model.js";

/** A call that the archive does at once as a whole, whatever others do meanwhile. */
export type SingleCall =
  | { readonly kind: "write"; readonly write: Write; readonly validateOnly: boolean; readonly full: boolean }
  | { readonly kind: "get"; readonly type: string; readonly ids: Ids; readonly full: boolean }
  /** A page of a list, after the last key of the page before. */
  | {
      readonly kind: "page";
      readonly type: string;
      readonly filter: Ids;
      readonly prefix: string;
      readonly size: number;
      readonly after: Ids | undefined;
    }
  | { readonly kind: "stream"; readonly type: string; readonly ids: Ids }
  | { readonly kind: "count"; readonly type: string; readonly ids: Ids }
  | { readonly kind: "batch"; readonly writes: readonly Write[] }
  | OneImport;

/** An import of one record: one of several is not all or nothing, and each of its records may be taken at another time. */
export interface OneImport {
  readonly kind: "import";
  readonly type: string;
  readonly ids: Ids;
  readonly values: Values;
  readonly onConflict: OnConflict;
}

/** What a call is answered: an error's reason, or what there is to see. */
export interface SingleAnswer<Seen = Entry> {
  readonly reason?: string;
  /** In order, where the call promises one; the record itself first, where there is one. */
  readonly entries?: readonly Seen[];
  /** How many of each type were deleted, or are there. */
  readonly counts?: readonly Readonly<Record<string, number>>[];
  /** Whether there is another page. */
  readonly more?: boolean;
  /** What an import did. */
  readonly outcome?: string;
}

/** By the names of records. */
export const sorted = <Seen extends { readonly type: string; readonly ids: Ids }>(entries: readonly Seen[]): Seen[] =>
  entries.toSorted((one, other) => (idOf(one.type, one.ids) < idOf(other.type, other.ids) ? -1 : 1));

/** Does a call to the model. Its writes have `number`, and those that follow in a batch the numbers that follow. */
export function performed(
  state: State,
  call: SingleCall,
  number: number,
): { readonly state: State; readonly answer: SingleAnswer } {
  const around = ({ type, ids }: Entry) => sorted([...upstream(state, type, ids), ...downstream(state, type, ids)]);
  switch (call.kind) {
    case "write": {
      const { state: after, answer } = write(state, call.write, number);
      if (answer.reason) return { state, answer };
      const entries = answer.entries ?? [];
      const [first] = entries;
      return {
        state: call.validateOnly ? state : after,
        answer: {
          entries: first && call.full && call.write.verb === "delete" ? [first, ...around(first)] : entries,
          ...(answer.deleted ? { counts: [answer.deleted] } : {}),
        },
      };
    }
    case "get": {
      const entry = state.get(idOf(call.type, call.ids));
      if (!entry) return { state, answer: { reason: "RECORD_NOT_FOUND" } };
      return { state, answer: { entries: call.full ? [entry, ...around(entry)] : [entry] } };
    }
    case "page": {
      const { type, filter, prefix, size, after } = call;
      const rest = list(state, type, filter, prefix).filter(({ ids }) => !after || compareKeys(type, ids, after) > 0);
      return { state, answer: { entries: rest.slice(0, size), more: rest.length > size } };
    }
    case "stream":
    case "count": {
      const entry = state.get(idOf(call.type, call.ids));
      if (!entry) return { state, answer: { reason: "RECORD_NOT_FOUND" } };
      const below = downstream(state, call.type, call.ids);
      if (call.kind === "stream") return { state, answer: { entries: [entry, ...sorted(below)] } };
      const counts: Record<string, number> = { [call.type]: 1 };
      for (const { type } of below) counts[type] = (counts[type] ?? 0) + 1;
      return { state, answer: { counts: [counts] } };
    }
    case "batch": {
      const { state: after, answers, reason } = batch(state, call.writes, number);
      if (reason) return { state, answer: { reason } };
      const entries = answers.flatMap((answer) => answer.entries ?? []);
      return {
        state: after,
        answer: { entries, counts: answers.flatMap(({ deleted }) => (deleted ? [deleted] : [])) },
      };
    }
    case "import": {
      const { state: after, outcome, reason } = importRecord(state, call, call.onConflict, number);
      return { state: after, answer: reason ? { reason } : { outcome } };
    }
  }
}
