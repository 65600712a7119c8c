import { type Entry, idOf, type State } from "./hierarchy-model.js";
import { isLinearizable, type TimedCall } from "./linearizability.js";
import type { SeenEntry } from "./observe.js";
import { performed, type SingleAnswer, type SingleCall } from "./single-call.js";

/** A call that was made, and what it was answered: nothing if that is not known. */
export interface MadeCall extends TimedCall {
  readonly client: string;
  readonly call: SingleCall;
  /** Tells its writes from those of others: the model's etags of what it writes. */
  readonly number: number;
  readonly answer: SingleAnswer<SeenEntry> | undefined;
}

/** The calls of some clients, and the model's etags by the service's, as far as any call was answered with them. */
export interface History {
  readonly calls: readonly MadeCall[];
  readonly etags: ReadonlyMap<string, number>;
}

/** Whether what the calls answered is what some order of them, one after the other, would have answered. */
export function isExplained({ calls, etags }: History): boolean {
  const told = new Set(etags.values());
  const step = (state: State, { call, number, answer }: MadeCall) => {
    const result = performed(state, call, number);
    return !answer || isSame(result.answer, answer, etags, told) ? result.state : undefined;
  };
  return isLinearizable(calls, new Map(), step, nameOf);
}

/**
 * A history that is not explained either, of as few calls as can be. Reads are left out of it, and what was answered is
 * forgotten: whatever is left is of the same run, with less known of it.
 */
export function smallest(history: History): History {
  let { calls } = history;
  for (let index = calls.length - 1; index >= 0; index--) {
    const one = calls[index] as MadeCall;
    const others = calls.filter((call) => call !== one);
    const forgotten = { ...one, answer: undefined, returned: Number.POSITIVE_INFINITY };
    const less = isRead(one) ? others : calls.map((call) => (call === one ? forgotten : call));
    if (!isExplained({ ...history, calls: less })) calls = less;
  }
  return { ...history, calls };
}

/** One line for each call. */
export const described = ({ calls }: History): string =>
  calls
    .map(({ client, call, called, returned, number, answer }) => {
      const end = returned === Number.POSITIVE_INFINITY ? "?" : returned;
      return `${client} [${called}, ${end}] #${number} ${JSON.stringify(call)} => ${answer ? JSON.stringify(answer) : "?"}`;
    })
    .join("\n");

/** What changes nothing, whenever it is done: an answer that is a refusal says so too. */
const isRead = ({ call, answer }: MadeCall): boolean =>
  answer?.reason !== undefined ||
  !["write", "batch", "import"].includes(call.kind) ||
  (call.kind === "write" && call.validateOnly);

function isSame(
  expected: SingleAnswer,
  found: SingleAnswer<SeenEntry>,
  etags: ReadonlyMap<string, number>,
  told: ReadonlySet<number>,
): boolean {
  const { entries: wanted = [], ...others } = expected;
  const { entries = [], ...rest } = found;
  const isEqual = (one: Entry, other: SeenEntry | undefined) => {
    if (!other || idOf(one.type, one.ids) !== idOf(other.type, other.ids)) return false;
    if (one.values.a !== other.values.a || one.values.b !== other.values.b) return false;
    if (other.etag === "") return true;
    // An etag that no write was answered with is that of one whose answer says none, or that had none.
    const number = etags.get(other.etag);
    return number === undefined ? !told.has(one.etag) : number === one.etag;
  };
  return (
    entries.length === wanted.length &&
    wanted.every((entry, index) => isEqual(entry, entries[index])) &&
    plain(others) === plain(rest)
  );
}

/** What is not records, as text in which the order of names does not matter. */
const plain = ({ reason, counts = [], more = false, outcome }: SingleAnswer<unknown>) =>
  JSON.stringify([reason, counts.map((each) => Object.entries(each).sort()), more, outcome]);

const names = new WeakMap<State, string>();

/** What tells a state from all others. */
function nameOf(state: State): string {
  const known = names.get(state);
  if (known !== undefined) return known;
  const name = [...state]
    .map(([id, { values, etag }]) => `${id} ${values.a} ${values.b} ${etag}`)
    .sort()
    .join("\n");
  names.set(state, name);
  return name;
}
