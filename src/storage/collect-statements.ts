import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Frees the statements of connections that were closed. The driver has no call for it, and SQLite keeps a connection
 * open, and the log beside its file, as long as one of its statements is left: so the memory is swept, once.
 */
export async function collectStatements(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const sweep = runInNewContext("gc") as () => void;
  sweep();
  await nextTurn();
}
