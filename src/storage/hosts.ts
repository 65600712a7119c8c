/** Where a database server listens. */
export interface Host {
  readonly host: string;
  readonly port: number;
}

/**
 * The hosts of one database, of which one is taken at a time: all connections lead to the same, as writers on several
 * nodes of a cluster would be in each other's way. When it fails, the next is taken, and kept as long as it is well.
 */
export class Hosts {
  #index = 0;

  readonly #of = new WeakMap<object, Host>();

  constructor(
    private readonly all: readonly [Host, ...Host[]],
    /** Called when another host is taken. */
    private readonly onLeft: () => void = () => undefined,
  ) {}

  get current(): Host {
    return this.all[this.#index] ?? this.all[0];
  }

  get count(): number {
    return this.all.length;
  }

  /** Takes the next host, unless another one was taken meanwhile. */
  leave(host: Host): void {
    if (this.count === 1 || host !== this.current) return;
    this.#index = (this.#index + 1) % this.all.length;
    this.onLeft();
  }

  /** Remembers which host a connection leads to. */
  join(connection: object, host: Host): void {
    this.#of.set(connection, host);
  }

  /** Takes the next host, unless the connection is of another one. */
  leaveThatOf(connection: object): void {
    const host = this.#of.get(connection);
    if (host) this.leave(host);
  }

  /** Whether a connection leads to a host that was left. */
  hasLeft(connection: object): boolean {
    return (this.#of.get(connection) ?? this.current) !== this.current;
  }
}
