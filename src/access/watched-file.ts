import { readFileSync, statSync } from "node:fs";

/** How often files are looked at, in milliseconds. */
const interval = 1000;

/**
 * A file that is read again when it changes. Looked at, not waited for: what tells of changes does not tell of all of them
 * on every file system, such as where a mounted directory is replaced as a whole.
 */
export class WatchedFile {
  readonly #timer: NodeJS.Timeout;
  #state = "";

  constructor(
    private readonly path: string,
    /** Takes what is in it now, if that can be read. */
    private readonly changed: (bytes: Buffer) => void,
    private readonly failed: (error: Error) => void,
  ) {
    this.#state = this.#look();
    this.#timer = setInterval(() => this.check(), interval).unref();
  }

  /** Looks whether it has changed since. */
  check(): void {
    const state = this.#look();
    if (state === this.#state) return;
    this.#state = state;
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.path);
    } catch (error) {
      this.failed(error as Error);
      return;
    }
    this.changed(bytes);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): string {
    try {
      const { mtimeNs, size, ino } = statSync(this.path, { bigint: true });
      return `${mtimeNs} ${size} ${ino}`;
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code);
    }
  }
}
