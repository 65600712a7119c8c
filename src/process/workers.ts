import cluster, { type Worker } from "node:cluster";
import type { Logger } from "winston";
import { exitCodes, Failure } from "../cli/failure.js";
import type { Service } from "./service.js";
import { isWorkerMessage, stopMessage } from "./worker-messages.js";
import { type WorkerEnd, WorkerPool } from "./worker-pool.js";

/** How much longer than its calls a worker may take to end, in milliseconds. */
const lateness = 10_000;

/** How a worker ended, and as what failure that counts if nothing could start. */
interface ProcessEnd extends WorkerEnd {
  readonly pid: number | undefined;
  readonly failure: Failure;
}

/**
 * Runs this program in several processes that share one port, connection by connection, and replaces those that end.
 * If one of the first cannot start, none is left, and that one's failure is the service's.
 */
export function startWorkers(count: number, grace: number, log: Logger): Service {
  const workers = new Map<number, Worker>();
  const started = deferred();
  const stopped = deferred();
  const replacement = ({ pid, reason }: ProcessEnd, missing: number, pause: number) => ({
    pid,
    reason,
    missing,
    workers: count,
    again_in_ms: pause,
  });
  const pool = new WorkerPool<ProcessEnd>(count, {
    start(slot) {
      const worker = makeWorker(
        () => pool.serves(slot),
        (end) => {
          workers.delete(slot);
          pool.ended(slot, end);
        },
      );
      if (worker) workers.set(slot, worker);
    },
    stop(slot) {
      // That it has ended meanwhile is told by other means.
      workers.get(slot)?.process.send(stopMessage, undefined, {}, () => undefined);
    },
    kill(slot) {
      workers.get(slot)?.process.kill("SIGKILL");
    },
    wait(slot, milliseconds) {
      setTimeout(() => pool.due(slot), milliseconds);
    },
    started: started.resolve,
    failed: ({ failure }) => started.reject(failure),
    stopped: stopped.resolve,
    lost(end, missing, pause) {
      log.warn("a worker ended and is replaced", replacement(end, missing, pause));
    },
    notReplaced(end, missing, pause) {
      log.warn("a worker could not start and is tried again", replacement(end, missing, pause));
    },
    complete() {
      log.info("all workers serve again", { workers: count });
    },
  });
  pool.start();
  return {
    started: started.promise,
    stop() {
      pool.stop();
      setTimeout(() => {
        log.warn("workers that did not stop in time are killed");
        pool.kill();
      }, grace + lateness).unref();
      return stopped.promise;
    },
    abandon: () => pool.kill(),
  };
}

/** Makes a worker, and tells once that it serves and once that it has ended; none if there is no process left. */
function makeWorker(serves: () => void, ended: (end: ProcessEnd) => void): Worker | undefined {
  let servesSince: number | undefined;
  let failure: Failure | undefined;
  const end = (pid: number | undefined, how: string) => {
    const known = failure ?? new Failure(exitCodes.UNFORESEEN, "FAILED", `a worker ${how}`);
    const served = servesSince === undefined ? 0 : performance.now() - servesSince;
    ended({ pid, failure: known, reason: failure?.message ?? how, served });
  };
  let worker: Worker;
  try {
    worker = cluster.fork();
  } catch (error) {
    setImmediate(() => end(undefined, `could not be made: ${(error as Error).message}`));
    return undefined;
  }
  worker.on("message", (message: unknown) => {
    if (!isWorkerMessage(message)) return;
    if (message.kind === "failed") {
      failure = new Failure(message.exitCode, message.reason, message.message);
    } else {
      servesSince = performance.now();
      serves();
    }
  });
  const { process: child } = worker;
  // Also where a message could not be sent; but one without a number never ran, and ends in no other way.
  worker.on("error", (error: Error) => {
    if (child.pid === undefined) end(undefined, `could not be made: ${error.message}`);
  });
  // What it said last may come after it has ended, but not after its channel was closed.
  let open = 2;
  const close = () => {
    open--;
    if (open === 0) end(child.pid, `ended with ${child.signalCode ?? `status ${child.exitCode}`}`);
  };
  child.once("exit", close);
  child.once("disconnect", close);
  return worker;
}

/** A promise that others settle. */
function deferred() {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}
