import { ArchiveError } from "./archive/archive-error.js";
import type { CallContext } from "./call-context.js";
import { limits } from "./limits.js";

/** Thrown where there is no room for so many bytes, by who cannot wait for it in its midst. */
export class NoRoom extends Error {
  override readonly name = "NoRoom";

  constructor(readonly bytes: number) {
    super(`no room for ${bytes} bytes`);
  }
}

/** A call that waits for room. */
interface Waiting {
  isFree(): boolean;
  grant(): void;
}

/**
 * The memory for answers that are large: their rows while they are read, and their bytes until the client has them. Small
 * ones need none of it. Who finds no room waits; only the call that has been at its answer for longest always goes on,
 * so that no two wait for each other. A client that does not read loses its answer to those who wait.
 */
export class AnswerMemory {
  #free: number;
  /** Those whose answers are in the making, the oldest first; and those whose clients have not read them yet. */
  readonly #making = new Set<Room>();
  readonly #unread = new Set<Room>();
  #bytesUnread = 0;
  /** Of these, the bytes of answers that had no need to wait for room: of lists of small records, say. */
  #bytesUnasked = 0;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly size: number) {
    this.#free = size;
  }

  /** Makes an answer, again and again until there is room for it. What is made must be undone where it fails. */
  async within<Answer>(context: CallContext, make: () => Promise<Answer>): Promise<Answer> {
    context.memory = this;
    if (this.#bytesUnasked > this.size) await this.wait(context, 0);
    for (;;) {
      try {
        return await make();
      } catch (error) {
        if (!(error instanceof NoRoom)) throw error;
        context.room?.close();
        context.room = undefined;
        // It may need more.
        await this.wait(context, Math.min(2 * error.bytes, this.size));
      }
    }
  }

  /** Takes room for more bytes of a call's rows, if there is some. */
  take(context: CallContext, bytes: number): boolean {
    const room = this.#roomOf(context);
    const missing = room.missing(bytes);
    if (missing > 0) {
      if (!this.#hasRoom(room, missing)) return false;
      this.#give(room, missing);
    }
    room.used += bytes;
    return true;
  }

  /** Waits for room for more bytes; or, for none, until clients have read what they have been answered. */
  wait(context: CallContext, bytes: number): Promise<void> {
    const room = bytes > 0 ? this.#roomOf(context) : undefined;
    const missing = room?.missing(bytes) ?? 0;
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        context.offEnd(end);
        this.#waiting = this.#waiting.filter((each) => each !== waiting);
      };
      const waiting: Waiting = {
        isFree: () => (room ? this.#hasRoom(room, missing) : this.#bytesUnasked <= this.size),
        grant: () => {
          leave();
          if (room) this.#give(room, missing);
          resolve();
        },
      };
      const fail = (error: Error | undefined) => {
        leave();
        this.#settle();
        reject(error);
      };
      const end = () => fail(context.error);
      const timer = setTimeout(() => fail(exhausted(this.size)), limits.waitForMemory);
      context.onEnd(end);
      this.#waiting.push(waiting);
      this.#timer ??= setInterval(() => this.#endUnread(), limits.endUnreadEvery).unref();
      this.#settle();
    });
  }

  /** A call's answer is ready: from now on its own bytes are all that is held, until the client has them. */
  answer(context: CallContext, bytes: number, end: () => void): void {
    const isUnasked = !context.room;
    if (isUnasked && bytes <= limits.bytesOfSmallAnswer) return;
    const room = this.#roomOf(context);
    room.unasked = isUnasked ? bytes : 0;
    this.#bytesUnasked += room.unasked;
    this.#making.delete(room);
    this.#unread.add(room);
    this.#bytesUnread += bytes;
    this.#give(room, bytes - room.held);
    room.answered = { at: performance.now(), end };
    this.#settle();
  }

  #roomOf(context: CallContext): Room {
    if (!context.room) {
      const room: Room = new Room(() => {
        this.#making.delete(room);
        if (this.#unread.delete(room)) {
          this.#bytesUnread -= room.held;
          this.#bytesUnasked -= room.unasked;
        }
        this.#give(room, -room.held);
        this.#settle();
      });
      this.#making.add(room);
      context.room = room;
    }
    return context.room;
  }

  #hasRoom(room: Room, bytes: number): boolean {
    if (bytes <= this.#free) return true;
    const [oldest] = this.#making;
    return room === oldest && this.#bytesUnread <= this.size;
  }

  #give(room: Room, bytes: number): void {
    room.held += bytes;
    this.#free -= bytes;
  }

  #settle(): void {
    for (const { isFree, grant } of this.#waiting) if (isFree()) grant();
    if (this.#waiting.length > 0 || !this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #endUnread(): void {
    for (const { answered, held } of this.#unread) {
      const patience = limits.unreadUnderPressure + held / limits.bytesReadInMillisecond;
      if (answered && performance.now() - answered.at > patience) answered.end();
    }
  }
}

const exhausted = (size: number) =>
  new ArchiveError(
    "RESOURCE_EXHAUSTED",
    "TOO_MANY_LARGE_ANSWERS",
    `Other large answers take all of the ${size} bytes that there are for them (--answer-memory): try again later, or ask for less at a time.`,
  );

/** What one call has of the memory. */
export class Room {
  held = 0;
  /** The bytes of its rows so far. */
  used = 0;
  /** The bytes of its answer, where it did not wait for room. */
  unasked = 0;
  /** When its answer was ready, and what ends it. */
  answered: { readonly at: number; end(): void } | undefined;

  constructor(private readonly giveBack: () => void) {}

  /** What more is needed for so many bytes more: much at once, so that few begin what they cannot go on with. */
  missing(bytes: number): number {
    const most = this.used + bytes;
    return most <= this.held ? 0 : Math.max(most, limits.bytesOfRoom) - this.held;
  }

  close(): void {
    this.giveBack();
  }
}
