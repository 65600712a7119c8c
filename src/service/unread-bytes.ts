import type { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import type { ServerStreamingCall } from "./incoming-call.js";

/**
 * Writes messages to a client only as fast as it reads: by their bytes, as few large messages fill the memory as well
 * as many small ones do.
 */
export class UnreadBytes {
  #bytes = 0;
  #wake: (() => void) | undefined;

  constructor(
    private readonly sink: Pick<ServerStreamingCall, "write">,
    private readonly context: CallContext,
    /** How many a client may leave unread before it is waited for. */
    private readonly most: number = limits.bytesUnread,
  ) {}

  /** Writes a message. Resolves when so little is unread that another can be made; rejects when the call ends. */
  async write(bytes: Buffer, patience: (waiting: Promise<void>) => Promise<void>): Promise<void> {
    this.#bytes += bytes.length;
    this.sink.write(bytes, () => {
      this.#bytes -= bytes.length;
      this.#wake?.();
    });
    while (this.#bytes > this.most) await patience(this.#progress());
    this.context.throwIfEnded();
  }

  /** Until some of it is read, or the call ends. */
  #progress(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => () => {
        this.context.offEnd(ended);
        this.#wake = undefined;
        done();
      };
      const ended = settle(() => reject(this.context.error));
      this.#wake = settle(resolve);
      if (this.context.error) ended();
      else this.context.onEnd(ended);
    });
  }
}
