import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { isatty } from "node:tty";

/** The most characters that wait while those before them are written. */
const limit = 2 ** 20;
/** How often one looks again whether a terminal takes more, and how long the last lines may take; in milliseconds. */
const interval = 50;
const patience = 1000;

const newline = 10;

/** Writes lines, and calls back with how many of the last of them were not written whole. */
type Sink = (lines: readonly string[], done: (unwritten: number) => void) => void;

/**
 * Writes lines to the standard error without ever waiting for who reads it, or failing with it. What cannot be written
 * is lost, and so is what comes while a reader is too slow; the lines that are lost are counted, and the count is
 * written as soon as something can be written again.
 *
 * All lines of one turn of the event loop are written at once.
 */
export class LineWriter {
  readonly #lostLine: (count: number) => string;
  readonly #sink: Sink;
  #waiting: string[] = [];
  #size = 0;
  #lost = 0;
  #lostInAll = 0;
  #writing = false;

  /** @param lostLine the line that says how many were lost */
  constructor(lostLine: (count: number) => string) {
    this.#lostLine = lostLine;
    this.#sink = standardError();
    process.once("exit", () => this.#writeLast());
  }

  /** How many lines were lost so far. */
  get lostInAll(): number {
    return this.#lostInAll;
  }

  write(line: string): void {
    if (this.#size + line.length > limit) {
      this.#lostInAll++;
      this.#lost++;
      return;
    }
    if (this.#waiting.length === 0 && !this.#writing) setImmediate(() => this.#write());
    this.#waiting.push(line);
    this.#size += line.length;
  }

  /** Waits until all was written or lost, but not for ever. */
  async flush(): Promise<void> {
    for (let waited = 0; waited < patience && (this.#writing || this.#waiting.length > 0); waited += interval) {
      await delay(interval);
    }
  }

  #write(): void {
    if (this.#writing || this.#waiting.length === 0) return;
    this.#writing = true;
    const [lines, lost] = this.#take();
    this.#sink(lines, (unwritten) => {
      this.#writing = false;
      this.#lostInAll += unwritten;
      // The line that says what was lost is lost itself only where nothing was written.
      this.#lost += lost > 0 && unwritten === lines.length ? unwritten - 1 + lost : unwritten;
      this.#write();
    });
  }

  /** What is to be written next, and how many lost lines the first of it tells of. */
  #take(): [lines: string[], lost: number] {
    const [lines, lost] = [this.#waiting, this.#lost];
    if (lost > 0) lines.unshift(this.#lostLine(lost));
    this.#waiting = [];
    this.#size = 0;
    this.#lost = 0;
    return [lines, lost];
  }

  /** The process ends: what waits is written now or never. */
  #writeLast(): void {
    if (this.#writing || this.#waiting.length === 0) return;
    try {
      writeSync(2, this.#take()[0].join(""));
    } catch {
      // Nobody is left to be told.
    }
  }
}

/** The standard error: pipes and sockets by Node's own stream, files and terminals by the system's calls. */
function standardError(): Sink {
  const { stderr } = process;
  // Each failed write is also told to its own callback.
  stderr.on("error", () => undefined);
  const file = fstatSync(2);
  if (file.isFIFO() || file.isSocket()) {
    return (lines, done) => stderr.write(lines.join(""), (error) => done(error ? lines.length : 0));
  }
  const descriptor = isatty(2) ? terminal() : 2;
  let torn = false;
  return (lines, done) => {
    // What was written by halves stays a line of its own.
    const bytes = Buffer.from((torn ? "\n" : "") + lines.join(""));
    let written = 0;
    const write = () => {
      try {
        while (written < bytes.length) written += writeSync(descriptor, bytes, written);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EAGAIN") {
          setTimeout(write, interval).unref();
          return;
        }
      }
      if (written > 0) torn = bytes[written - 1] !== newline;
      done(Math.min(lines.length, bytes.subarray(written).filter((byte) => byte === newline).length));
    };
    write();
  };
}

/** A terminal that does not hold up the process while its user has stopped it, unless the system has no such thing. */
function terminal(): number {
  try {
    return openSync("/dev/stderr", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return 2;
  }
}
