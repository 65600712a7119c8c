import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import type Database from "libsql";

/** A transaction that has changed so many rows is large. Whenever it has changed as many more, its log is synced. */
const rowsOfPart = 4000;

/** The characters that are written as slowly as a row is changed. */
const charactersOfRow = 2 ** 10;

/**
 * Keeps the end of a large transaction from keeping everything else of the process waiting. The driver is synchronous: a
 * commit syncs all that the log has got, and then SQLite copies the log into the file. So the log is synced now and then
 * before, beside the event loop, and copied afterwards by a thread of its own.
 */
export class LargeCommits {
  #rows = 0;
  #parts = 0;
  #copying: Promise<void> | undefined;
  #isBehind = false;

  constructor(
    private readonly connection: Database.Database,
    private readonly file: string,
  ) {}

  /** Counts the rows that a statement has changed, with its values. What this returns, if anything, is to be waited for. */
  changed(rows: number, values: readonly unknown[] = []): Promise<void> | undefined {
    let characters = 0;
    for (const value of values) if (typeof value === "string") characters += value.length;
    this.#rows += Math.max(rows, Math.floor(characters / charactersOfRow));
    const parts = Math.floor(this.#rows / rowsOfPart);
    if (parts === this.#parts) return undefined;
    this.#parts = parts;
    return sync(`${this.file}-wal`);
  }

  /** Does what keeps a transaction. */
  commit<Result>(work: () => Result): Result {
    if (this.#parts === 0) {
      this.reset();
      return work();
    }
    this.connection.exec("PRAGMA wal_autocheckpoint = 0");
    try {
      const result = work();
      this.reset();
      this.#isBehind = true;
      return result;
    } finally {
      this.#copying ??= this.#copy();
    }
  }

  /** A transaction was undone. */
  reset(): void {
    this.#rows = 0;
    this.#parts = 0;
  }

  /** Waits until nothing is copied any more. */
  async settled(): Promise<void> {
    await this.#copying;
  }

  async #copy(): Promise<void> {
    while (this.#isBehind) {
      this.#isBehind = false;
      // Where it fails, SQLite does it at the next commit.
      await copyInThread(this.file).catch(() => undefined);
    }
    this.#copying = undefined;
    if (this.connection.open) this.connection.exec("PRAGMA wal_autocheckpoint = 1000");
  }
}

/** Has the system write out what a file got so far. It need not: the commit is what promises that. */
async function sync(file: string): Promise<void> {
  try {
    const handle = await open(file, "r+");
    await handle.datasync().finally(() => handle.close());
  } catch {
    // Then the commit has more to do.
  }
}

/** Copies the log into the file, as far as readers let it, without keeping anybody from reading or writing. */
async function copyInThread(file: string): Promise<void> {
  // Opening it would make it anew.
  if (!existsSync(file)) return;
  const thread = new Worker(new URL("./checkpoint-thread.js", import.meta.url), { workerData: file });
  thread.unref();
  await new Promise((resolve, reject) => thread.once("exit", resolve).once("error", reject));
}
