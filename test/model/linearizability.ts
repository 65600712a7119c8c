/** A call of a history, with the times at which it began and ended, by a clock that counts. */
export interface TimedCall {
  readonly called: number;
  /** Infinity where nobody knows whether, or when, the call has done its work. */
  readonly returned: number;
}

/**
 * What a call makes of a state: the state after it, the very same if it changes nothing. Nothing if it was answered
 * otherwise than it would have been in this state.
 */
export type Step<State, Call> = (state: State, call: Call) => State | undefined;

/** How many steps a search takes at the most. Histories are to be so short that it is never reached. */
const maxSteps = 2_000_000;

/**
 * Whether there is an order of the calls in which each, alone, would have been answered as it was, and in which none
 * comes before one that had ended when it began. (The search of Wing and Gong, which tries no pair of state and calls
 * left twice.)
 */
export function isLinearizable<State, Call extends TimedCall>(
  history: readonly Call[],
  initial: State,
  step: Step<State, Call>,
  nameOf: (state: State) => string,
): boolean {
  const indexes = new Map(history.map((call, index) => [call, index]));
  const failed = new Set<string>();
  let steps = 0;
  const explore = (state: State, left: readonly Call[]): boolean => {
    // What is not known to have been done can be left out.
    if (left.every(({ returned }) => returned === Number.POSITIVE_INFINITY)) return true;
    const name = `${left.map((call) => indexes.get(call)).join(" ")}\n${nameOf(state)}`;
    if (failed.has(name)) return false;
    const firstEnd = Math.min(...left.map(({ returned }) => returned));
    const next: [Call, State][] = [];
    for (const call of left) {
      if (call.called > firstEnd) continue;
      if (++steps > maxSteps) throw new Error(`a history of ${history.length} calls is too long to be checked`);
      const after = step(state, call);
      if (after === undefined) continue;
      if (after !== state) next.push([call, after]);
      // What fits and changes nothing can as well come now: all others have the same state before them.
      else if (call.returned !== Number.POSITIVE_INFINITY) return explore(state, without(left, call));
    }
    if (next.some(([call, after]) => explore(after, without(left, call)))) return true;
    failed.add(name);
    return false;
  };
  return explore(initial, history);
}

const without = <Item>(items: readonly Item[], one: Item) => items.filter((item) => item !== one);
