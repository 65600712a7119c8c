/** Messages that wait to be sent: so many bytes and no more. Where there is no room the oldest are dropped, and counted. */
export class BoundedQueue {
  readonly #messages: Buffer[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(
    private readonly mostBytes: number,
    private readonly mostMessages: number,
  ) {}

  get dropped(): number {
    return this.#dropped;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  add(message: Buffer): void {
    if (message.length > this.mostBytes) {
      this.#dropped++;
      return;
    }
    this.#messages.push(message);
    this.#bytes += message.length;
    this.#makeRoom();
  }

  /** The oldest messages, of so many bytes at the most, but one at least if there is one. */
  take(bytes: number): Buffer[] {
    let [count, size] = [0, 0];
    for (const message of this.#messages) {
      if (count > 0 && size + message.length > bytes) break;
      size += message.length;
      count++;
    }
    this.#bytes -= size;
    return this.#messages.splice(0, count);
  }

  /** Puts messages that were taken and not sent back, as the oldest. */
  putBack(messages: readonly Buffer[]): void {
    this.#messages.unshift(...messages);
    for (const { length } of messages) this.#bytes += length;
    this.#makeRoom();
  }

  /** Counts messages that were lost elsewhere. */
  lose(count: number): void {
    this.#dropped += count;
  }

  #makeRoom(): void {
    let count = 0;
    while (this.#bytes > this.mostBytes || this.#messages.length - count > this.mostMessages) {
      this.#bytes -= this.#messages[count]?.length ?? 0;
      count++;
    }
    if (count === 0) return;
    this.#messages.splice(0, count);
    this.#dropped += count;
  }
}
