import type { AnswerMemory } from "../answer-memory.js";
import type { CallContext } from "../call-context.js";

/**
 * The bytes of rows that an answer of some size may be made of. What is stored is up to two and a half times as large as
 * what is sent: a double of 17 digits in place of 8 bytes. So what is refused for it would not have fitted.
 */
export const resultSizeFor = (maxSendSize: number): number => 3 * maxSendSize;

/** About what a row takes in memory beside its details, in bytes. */
const bytesOfRest = 300;

/** As long as a result has fewer bytes, each character counts as one: to look at all of them costs half as much as reading. */
const exactFrom = 2 ** 19;

/** One character outside of Latin-1, and each takes two bytes. */
const sizeOf = (text: string): number => (Buffer.byteLength(text) > text.length ? 2 : 1) * text.length;

/** Counts the bytes of a result, row by row. One that is not small takes room in the memory for large answers. */
export class ResultSize {
  bytes = 0;
  #taken = 0;

  constructor(private readonly call: CallContext | undefined) {}

  /** Counts a row. False where there is no room for what was counted: it can be waited for, or given up. */
  add(row: Readonly<Record<string, unknown>>): boolean {
    const { details } = row;
    this.bytes += bytesOfRest;
    if (typeof details === "string") this.bytes += this.bytes < exactFrom ? details.length : sizeOf(details);
    const memory = this.call?.memory;
    if (!this.call || !memory || this.bytes <= memory.bytesOfSmallResult) return true;
    return this.#take(this.call, memory);
  }

  /** Waits for the room that there was not. */
  async wait(): Promise<void> {
    const { call } = this;
    if (!call?.memory) return;
    while (!this.#take(call, call.memory)) await call.memory.wait(call, this.bytes - this.#taken);
  }

  /** The rows are not kept. */
  giveUp(): void {
    if (this.call?.room) this.call.room.used -= this.#taken;
    this.#taken = 0;
  }

  #take(call: CallContext, memory: AnswerMemory): boolean {
    if (!memory.take(call, this.bytes - this.#taken)) return false;
    this.#taken = this.bytes;
    return true;
  }
}
