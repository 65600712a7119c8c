import { connectByDatagrams, connectByStream } from "./gelf-connections.js";
import { gelfMessage } from "./gelf-message.js";
import { GelfSender } from "./gelf-sender.js";
import type { LogTarget } from "./log-target.js";

/**
 * For how long lines are collected, in milliseconds, and how many at most: in one go their messages take half of the time,
 * and a write of its own would cost the call as much as all else of it.
 */
const collecting = 50;
const mostCollected = 500;

interface Line {
  readonly entry: Readonly<Record<string, unknown>>;
  readonly time: number;
}

/** The log as a Graylog has it. It waits for nothing. */
export class GelfLog {
  readonly #sender: GelfSender;
  #lines: Line[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `logger` is what Graylog's streams know this process by. */
  constructor(
    target: LogTarget,
    private readonly logger: string,
  ) {
    const connect = target.kind === "udp" ? connectByDatagrams : connectByStream;
    this.#sender = new GelfSender((signal) => connect(target, signal));
  }

  /** The lines that were lost so far. */
  get dropped(): number {
    return this.#sender.dropped;
  }

  add(entry: Readonly<Record<string, unknown>>): void {
    this.#lines.push({ entry, time: Date.now() });
    if (this.#lines.length === mostCollected) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), collecting);
  }

  /** Waits until all is sent, but no longer than so many milliseconds. */
  async flush(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    do {
      this.#send();
      await this.#sender.flush(end - performance.now());
    } while (this.#lines.length > 0 && performance.now() < end);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = [];
    for (const { entry, time } of lines) this.#sender.add(gelfMessage(entry, this.logger, time));
  }
}
