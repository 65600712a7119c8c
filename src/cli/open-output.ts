import { once } from "node:events";
import { type FileHandle, lstat, open, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { exitCodes, Failure, usageFailure } from "./failure.js";
import { removeOnSignal } from "./remove-on-signal.js";

/** Where a command writes what it makes. */
export interface Output {
  write(chunk: string | Buffer): Promise<void>;
  /** Says that it is whole: only then it stands in place of what was there. */
  finish(): Promise<void>;
  /** Leaves things as they were, unless it was finished. */
  discard(): Promise<void>;
}

/** The names that systems give to the standard output. Some of them cannot be opened where it is a socket. */
const standardOutput = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/**
 * Opens what is to be written. A regular file, also at the end of links, is replaced by the whole of what is written, and
 * keeps its mode; so is one that is not there yet. A pipe or a device is written as it comes.
 */
export async function openOutput(file: string): Promise<Output> {
  if (standardOutput.includes(file)) return standard;
  try {
    const known = await stat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return undefined;
    });
    // Files below these are not the file system's: their folders take no others.
    if ((known && !known.isFile()) || /^\/(dev|proc)\//.test(file)) return through(file, await open(file, "w"));
    return await replacing(file, known ? await realpath(file) : await endOfLinks(file), known?.mode);
  } catch (error) {
    throw cannotBeWritten(file, error as Error);
  }
}

const standard: Output = {
  async write(chunk) {
    if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
  },
  finish: async () => undefined,
  discard: async () => undefined,
};

function through(file: string, handle: FileHandle): Output {
  let isOpen = true;
  const close = async () => {
    if (isOpen) await handle.close();
    isOpen = false;
  };
  return {
    write: (chunk) => writing(file, handle.writeFile(chunk)),
    finish: () => writing(file, close()),
    discard: close,
  };
}

async function replacing(file: string, target: string, mode: number | undefined): Promise<Output> {
  const part = join(dirname(target), `${basename(target)}.${process.pid}.part`);
  await rm(part, { force: true });
  // Before it is there: a signal may come as soon as it is.
  const keepOnSignal = removeOnSignal(part);
  const handle = await open(part, "wx", mode === undefined ? 0o666 : mode & 0o777).catch((error: unknown) => {
    keepOnSignal();
    throw error;
  });
  let isThere = true;
  const discard = async () => {
    if (!isThere) return;
    isThere = false;
    await handle.close().catch(() => undefined);
    await rm(part, { force: true });
    keepOnSignal();
  };
  return {
    write: (chunk) => writing(file, handle.writeFile(chunk)),
    finish: () =>
      writing(
        file,
        (async () => {
          if (mode !== undefined) await handle.chmod(mode & 0o7777);
          await handle.sync();
          await handle.close();
          await rename(part, target);
          isThere = false;
          keepOnSignal();
        })(),
      ),
    discard,
  };
}

/** The path at which links end at which there is nothing yet. */
async function endOfLinks(file: string): Promise<string> {
  const isLink = await lstat(file).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  if (!isLink) return file;
  return endOfLinks(resolve(await realpath(dirname(file)), await readlink(file)));
}

const writing = <Result>(file: string, work: Promise<Result>): Promise<Result> =>
  work.catch((error: Error) => {
    throw cannotBeWritten(file, error);
  });

const cannotBeWritten = (file: string, error: NodeJS.ErrnoException): Failure =>
  error.code === "EPIPE"
    ? new Failure(exitCodes.UNFORESEEN, "FAILED", `${file} was closed by its reader before it was whole`, error)
    : usageFailure(`${file} cannot be written: ${error.message}`, error);
