import cluster from "node:cluster";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "winston";

/** How long to wait before a worker that could not be replaced is replaced again, in milliseconds. */
const pause = 1000;

/**
 * Runs this program in several processes that share one port, connection by connection, and replaces those that end.
 * Throws if one of them cannot start; it has said why.
 */
export async function startWorkers(count: number, log: Logger): Promise<{ stop(): Promise<void> }> {
  let stopping = false;
  const start = () =>
    new Promise<void>((resolve, reject) => {
      const worker = cluster.fork();
      let serves = false;
      worker.once("message", () => {
        serves = true;
        resolve();
      });
      // Where the system has no process left to give; and where one that ends is told to stop.
      worker.on("error", reject);
      worker.once("exit", (code, signal) => {
        if (!serves) reject(new Error("a worker could not start"));
        else if (!stopping) {
          log.warn("a worker ended and is replaced", { pid: worker.process.pid, status: signal ?? code });
          void replace();
        }
      });
    });
  const replace = async (): Promise<void> => {
    while (!stopping) {
      const failed = await start().catch(() => true);
      if (!failed) return;
      await delay(pause);
    }
  };
  const stop = async () => {
    stopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.once("exit", () => resolve());
            if (worker.isConnected()) worker.send("stop");
          }),
      ),
    );
  };
  try {
    await Promise.all(Array.from({ length: count }, start));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** What a worker does beside serving: it says that it serves, and stops when it is told to or when nobody is left to. */
export function actAsWorker(stop: () => void): void {
  // Else Node ends a worker at once, with its calls, when the first process is gone.
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
  process.once("message", stop);
  process.once("disconnect", stop);
  process.send?.("serving");
}
