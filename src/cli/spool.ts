import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { usageFailure } from "./failure.js";

/** The most bytes that are kept in memory. */
const maxInMemory = 2 ** 26;

/**
 * Bytes that are kept to be read again: in memory, and only what is beyond a bound in a temporary file. That has no
 * name any more once it is open, so that nothing of it stays however this process ends.
 */
export class Spool {
  readonly #chunks: Buffer[] = [];
  #inMemory = 0;
  #file: FileHandle | undefined;

  async write(chunk: Buffer): Promise<void> {
    if (!this.#file && this.#inMemory + chunk.length <= maxInMemory) {
      this.#chunks.push(chunk);
      this.#inMemory += chunk.length;
      return;
    }
    this.#file ??= await temporaryFile();
    await this.#file.writeFile(chunk).catch(cannotBeKept);
  }

  /** All that was written, from its beginning. */
  async *read(): AsyncGenerator<Buffer> {
    yield* this.#chunks;
    if (!this.#file) return;
    const file = this.#file;
    for (let position = 0; ; ) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(2 ** 18), 0, 2 ** 18, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

async function temporaryFile(): Promise<FileHandle> {
  const path = join(tmpdir(), `synergos-archive-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600).catch(cannotBeKept);
  await unlink(path);
  return file;
}

function cannotBeKept(error: Error): never {
  throw usageFailure(
    `it is more than ${maxInMemory / 2 ** 20} MiB, which are kept in memory, and the rest cannot be kept in ${tmpdir()}: ${error.message}; set TMPDIR to a folder that can be written`,
    error,
  );
}
