import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

const { R_OK, W_OK, X_OK } = constants;

/**
 * Makes the folder of a database's file, and sees that both can be written: SQLite, which puts files beside its own,
 * says only that it cannot open it. Throws an Error that says which and why.
 */
export function checkWritable(file: string): void {
  const folder = dirname(file);
  try {
    // It fails where the working directory was removed; relative paths would only not be found.
    process.cwd();
  } catch {
    throw new Error(`the working directory does not exist any more: start again in one that does (for ${file})`);
  }
  check(`the folder ${folder} of the database cannot be made`, () => makeFolder(folder));
  check(`the folder ${folder} of the database cannot be written`, () => accessSync(folder, W_OK | X_OK));
  if (existsSync(file)) check(`the database ${file} cannot be written`, () => accessSync(file, R_OK | W_OK));
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    // Node says of a read-only file system that the folder is not there, unless it makes this one alone.
    if (!existsSync(folder)) mkdirSync(folder);
  }
}

function check(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new Error(`${what}: ${reasons[code] ?? message}`, { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  EROFS: "its file system is read-only (EROFS)",
  EACCES: "this user may not (EACCES)",
};
