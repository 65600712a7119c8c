import { limits } from "../limits.js";

/** The least time, in milliseconds, between two ends of a generation: a database that stays read-only ends many. */
const interval = 1000;

/**
 * Tells connections made before a failover from those made after it. When a server says that it is not the one to write
 * to, or does not answer when it is asked whether it is, all connections to it are given up as they come back, those that
 * only read too: a read from it would be of the past.
 * And some time after a failover, connections lead to the server that is back, where a balancer leads there: none is kept
 * for longer than its age.
 */
export class Generations {
  #current = 0;
  #ended = Number.NEGATIVE_INFINITY;
  readonly #of = new WeakMap<object, { readonly number: number; readonly end: number }>();

  /** Counts a new connection to the generation that is now. */
  join(connection: object): void {
    // Not all at once: what a balancer was given to spread would come together again.
    const age = limits.ageOfDatabaseConnection * (0.9 + 0.2 * Math.random());
    this.#of.set(connection, { number: this.#current, end: performance.now() + age });
  }

  /** Whether a connection is of the present generation, and not so old that it is to be made anew. */
  has(connection: object): boolean {
    const of = this.#of.get(connection);
    return of !== undefined && of.number === this.#current && performance.now() < of.end;
  }

  /** Ends the present generation: another host is taken from now on, or who was asked does not answer. */
  endAll(): void {
    this.#current++;
    this.#ended = performance.now();
  }

  /** Ends the generation that a connection is of, if it is the present one. */
  end(connection: object): void {
    if (this.#of.get(connection)?.number !== this.#current || performance.now() - this.#ended < interval) return;
    this.#current++;
    this.#ended = performance.now();
  }
}
