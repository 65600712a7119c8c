/** The least time, in milliseconds, between two ends of a generation: a database that stays read-only ends many. */
const interval = 1000;

/**
 * Tells connections made before a failover from those made after it. When a server says that it is not the one to write
 * to, all connections to it are given up as they come back, those that only read too: a read from it would be of the past.
 */
export class Generations {
  #current = 0;
  #ended = Number.NEGATIVE_INFINITY;
  readonly #of = new WeakMap<object, number>();

  /** Counts a new connection to the generation that is now. */
  join(connection: object): void {
    this.#of.set(connection, this.#current);
  }

  has(connection: object): boolean {
    return this.#of.get(connection) === this.#current;
  }

  /** Ends the present generation: another host is taken from now on. */
  endAll(): void {
    this.#current++;
    this.#ended = performance.now();
  }

  /** Ends the generation that a connection is of, if it is the present one. */
  end(connection: object): void {
    if (!this.has(connection) || performance.now() - this.#ended < interval) return;
    this.#current++;
    this.#ended = performance.now();
  }
}
