import type { CallContext } from "./call-context.js";
import { limits } from "./limits.js";

/** Thrown where there is no room for so many bytes, by who cannot wait for it in its midst. */
export class NoRoom extends Error {
  override readonly name = "NoRoom";

  constructor(readonly bytes: number) {
    super(`no room for ${bytes} bytes`);
  }
}

/** Thrown where room was waited for in vain. */
export class MemoryTaken extends Error {
  override readonly name = "MemoryTaken";

  /** @param size the bytes that there are for all */
  constructor(readonly size: number) {
    super(`all of ${size} bytes are taken`);
  }
}

/** A call that waits for room. */
interface Waiting {
  readonly room: Room;
  readonly bytes: number;
  grant(): void;
  fail(error: Error): void;
}

/**
 * The memory for answers that are large: their rows while they are read, and their bytes until the client has them. Small
 * ones need none of it. Who finds no room waits. So that no two wait for each other, the call that has been at its answer
 * for longest goes on without, unless what clients have not read is too much already. A client that does not read loses
 * its answer to those who wait.
 */
export class AnswerMemory {
  #free: number;
  /** The calls that are at their answers, large or small. */
  #calls = 0;
  /** Those whose answers are in the making, the oldest first; and those whose clients have not read them yet. */
  readonly #making = new Set<Room>();
  readonly #unread = new Set<Room>();
  #bytesUnread = 0;
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly size: number) {
    this.#free = size;
  }

  /**
   * The bytes that a result has at the most that needs no room: fewer where many calls are at their answers, as small ones
   * of all of them are as much as a few large ones, or where clients leave much unread.
   */
  get bytesOfSmallResult(): number {
    const share = this.#bytesUnread > this.size ? 0 : this.size / this.#calls;
    return Math.min(limits.bytesOfSmallResult, Math.max(limits.bytesOfSmallAnswer, share));
  }

  /** Makes an answer, again and again until there is room for it. What is made must be undone where it fails. */
  async within<Answer>(context: CallContext, make: () => Promise<Answer>): Promise<Answer> {
    context.memory = this;
    this.#calls++;
    try {
      for (let end: number | undefined; ; ) {
        try {
          return await make();
        } catch (error) {
          if (!(error instanceof NoRoom)) throw error;
          end ??= performance.now() + limits.waitForMemory;
          await this.#waitAnew(context, error.bytes, end - performance.now());
        }
      }
    } finally {
      this.#calls--;
    }
  }

  /** Gives back what a call has, as it is made again, and waits for what it had and had not; it may need more than that. */
  #waitAnew(context: CallContext, missing: number, patience: number): Promise<void> {
    const room = this.#roomOf(context);
    const bytes = Math.min(2 * (room.used + missing), this.size);
    room.used = 0;
    // Its place among the others it keeps.
    this.#give(room, -room.held);
    this.#settle();
    return this.wait(context, bytes, patience);
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

  /** Waits for room for more bytes, for so many milliseconds. */
  wait(context: CallContext, bytes: number, patience: number = limits.waitForMemory): Promise<void> {
    const room = this.#roomOf(context);
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        context.offEnd(end);
        context.work?.rests(false);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        room,
        bytes: room.missing(bytes),
        grant: () => {
          leave();
          this.#give(room, waiting.bytes);
          resolve();
        },
        fail: (error) => {
          leave();
          reject(error);
          this.#settle();
        },
      };
      const end = () => waiting.fail(context.error ?? new MemoryTaken(this.size));
      const timer = setTimeout(() => waiting.fail(new MemoryTaken(this.size)), Math.max(0, patience));
      this.#waiting.add(waiting);
      context.work?.rests(true);
      if (context.error || room.isClosed) {
        end();
        return;
      }
      context.onEnd(end);
      this.#timer ??= setInterval(() => this.#endUnread(), limits.endUnreadEvery).unref();
      this.#settle();
    });
  }

  /** A call's answer is ready: from now on its own bytes are all that is held, until the client has them. */
  answer(context: CallContext, bytes: number, end: () => void): void {
    if (!context.room && bytes <= limits.bytesOfSmallAnswer) return;
    const room = this.#roomOf(context);
    if (room.isClosed) return;
    this.#making.delete(room);
    this.#unread.add(room);
    this.#bytesUnread += bytes;
    this.#give(room, bytes - room.held);
    room.answered = { at: performance.now(), end };
    this.#settle();
  }

  #roomOf(context: CallContext): Room {
    context.room ??= this.#open();
    return context.room;
  }

  #open(): Room {
    const room: Room = new Room(() => {
      this.#making.delete(room);
      if (this.#unread.delete(room)) this.#bytesUnread -= room.held;
      this.#give(room, -room.held);
      for (const waiting of this.#waiting) if (waiting.room === room) waiting.fail(new MemoryTaken(this.size));
      this.#settle();
    });
    this.#making.add(room);
    return room;
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
    for (const { room, bytes, grant } of this.#waiting) if (this.#hasRoom(room, bytes)) grant();
    if (this.#waiting.size > 0 || !this.#timer) return;
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

/** What one call has of the memory. */
export class Room {
  held = 0;
  /** The bytes of its rows so far. */
  used = 0;
  /** When its answer was ready, and what ends it. */
  answered: { readonly at: number; end(): void } | undefined;
  /** Whether its call is over: what is still read for it needs no room, as nobody keeps it. */
  isClosed = false;

  constructor(private readonly giveBack: () => void) {}

  /** What more is needed for so many bytes more: much at once, so that few begin what they cannot go on with. */
  missing(bytes: number): number {
    const most = this.used + bytes;
    return this.isClosed || most <= this.held ? 0 : Math.max(most, limits.bytesOfRoom) - this.held;
  }

  close(): void {
    if (this.isClosed) return;
    this.giveBack();
    this.isClosed = true;
  }
}
