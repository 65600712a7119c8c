import { open } from "node:fs/promises";
import { devNull } from "node:os";
import type { Logger } from "winston";

/** How often it is tried whether a file can be opened, in milliseconds. */
const interval = 1000;

/** Whose bound is reached, by the system's word for it. */
const bounds: ReadonlyMap<string | undefined, string> = new Map([
  ["EMFILE", "the process may not open more (ulimit -n)"],
  ["ENFILE", "the system may not open more for all its processes together (sysctl fs.file-max)"],
]);

/**
 * Says where no file can be opened any more, by this process or by the whole system: connections are then closed, or
 * wait, before the program hears of them. Node goes on, and tells nobody.
 */
export function watchOpenFiles(log: Logger): { stop(): void } {
  let reached: string | undefined;
  let isTrying = false;
  const look = async () => {
    if (isTrying) return;
    isTrying = true;
    const bound = await boundReached();
    isTrying = false;
    if (bound === reached) return;
    reached = bound;
    if (bound) log.warn(`no connection can be accepted, and no file opened: ${bound}`);
    else log.info("files can be opened, and connections accepted, again");
  };
  const timer = setInterval(look, interval).unref();
  return {
    stop() {
      clearInterval(timer);
    },
  };
}

/** Which bound keeps a file from being opened; undefined where none does. */
async function boundReached(): Promise<string | undefined> {
  try {
    await (await open(devNull)).close();
    return undefined;
  } catch (error) {
    return bounds.get((error as NodeJS.ErrnoException).code);
  }
}
