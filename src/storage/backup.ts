import { chmodSync, closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "libsql";
import type { DatabaseLocation } from "./database-url.js";
import { refuseForeignFile } from "./sqlite-client.js";

/** How long to wait for the lock of a process that opens or closes the database, in milliseconds. */
const busyTimeout = 5000;

/**
 * Copies an embedded database to a file, as it is at one moment, while servers may go on writing. The file is there
 * when it is whole, and on the disk; one that is there already is never replaced. Throws an Error that says why not.
 */
export function backup(location: DatabaseLocation, target: string): void {
  if (location.kind !== "sqlite") {
    throw new Error(
      "backup copies an embedded database (sqlite:FILE); for a database server use its own means, such as " +
        "mysqldump --single-transaction, mariadb-dump --single-transaction or mariadb-backup",
    );
  }
  const { file } = location;
  if (!existsSync(file)) throw new Error(`there is no database at ${file}`);
  if (existsSync(target)) throw new Error(`there is a file ${target} already: name one that is not there`);
  const partial = `${target}.partial-${process.pid}`;
  const database = new Database(file, { timeout: busyTimeout });
  try {
    refuseForeignFile(database, file);
    // As readable as what it is a copy of, before anything is in it.
    closeSync(openSync(partial, "wx"));
    chmodSync(partial, statSync(file).mode & 0o777);
    database.prepare("VACUUM INTO ?").run([partial]);
    sync(partial);
    place(partial, target);
    sync(dirname(target));
  } finally {
    rmSync(partial, { force: true });
    database.close();
  }
}

/** Gives a file its name, unless another has it by now. */
function place(partial: string, target: string): void {
  try {
    linkSync(partial, target);
  } catch (error) {
    // Not every file system has links.
    if (existsSync(target) || !/^(EPERM|ENOTSUP|ENOSYS|EOPNOTSUPP)$/.test((error as NodeJS.ErrnoException).code ?? ""))
      throw error;
    renameSync(partial, target);
  }
}

/** Has a file's content, or a folder's names, written to the disk. */
function sync(path: string): void {
  const opened = openSync(path, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
