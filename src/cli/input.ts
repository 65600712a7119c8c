import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { usageFailure } from "./failure.js";
import { Spool } from "./spool.js";

/** A file or the standard input, which can be read as often as one likes. */
export interface Input {
  /** What its user called it. */
  readonly name: string;
  read(): AsyncIterable<Buffer>;
}

/** The names that systems give to the standard input. Some of them cannot be opened where it is a socket. */
const standardInput = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/** The bytes of a file or of the standard input, once, as they come. */
export async function* readBytes(file: string): AsyncGenerator<Buffer> {
  try {
    // By events, and not by a read that waits: a terminal and a slow pipe have nothing to give yet.
    yield* standardInput.includes(file) ? process.stdin : createReadStream(file, { highWaterMark: 2 ** 18 });
  } catch (error) {
    throw usageFailure(`${file} cannot be read: ${(error as Error).message}`, error);
  }
}

/** Opens an input for as long as something works with it. What can be read but once, such as a pipe, is kept. */
export async function withInput<Result>(file: string, work: (input: Input) => Promise<Result>): Promise<Result> {
  const isFile = !standardInput.includes(file) && (await stat(file).catch(cannotBeRead(file))).isFile();
  if (isFile) return work({ name: file, read: () => readBytes(file) });
  const spool = new Spool();
  try {
    for await (const chunk of readBytes(file)) await spool.write(chunk);
    return await work({ name: file, read: () => spool.read() });
  } finally {
    await spool.close();
  }
}

const cannotBeRead = (file: string) => (error: Error) => {
  throw usageFailure(`${file} cannot be read: ${error.message}`, error);
};
