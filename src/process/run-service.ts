import cluster from "node:cluster";
import type { Logger } from "winston";
import { flushLog } from "../log.js";
import type { Service } from "./service.js";
import { onEndingSignal, statusOfSignal } from "./signals.js";
import { stopMessage, tellFirstProcess } from "./worker-messages.js";

/**
 * Runs a service from its start to the end of this process: signals, and what the first process tells a worker, stop
 * it in order. Returns once it serves; throws if it cannot, unless it was told to stop meanwhile.
 *
 * The process ends with 0 if it had served, and with 128 and the signal's number if it had not.
 */
export async function runService(service: Service, grace: number, log: Logger): Promise<void> {
  const now: { phase: "starting" | "serving" | "stopping" } = { phase: "starting" };
  const exit = async (status: number) => {
    await flushLog();
    process.exit(status);
  };
  const stop = (status: number, signal?: string) => {
    if (now.phase === "stopping") return;
    const served = now.phase === "serving";
    now.phase = "stopping";
    log.info("stopping", { signal, ...(served ? { grace_ms: grace } : {}) });
    service
      .stop()
      .catch((error: unknown) => log.error("could not stop in order", { error: String(error) }))
      .then(() => {
        log.info("stopped");
        return exit(served ? 0 : status);
      });
  };
  onEndingSignal((signal) => {
    // A terminal sends these to all its processes; workers stop when the first of them tells them to.
    if (cluster.isWorker && signal !== "SIGTERM") return;
    if (now.phase !== "stopping") return stop(statusOfSignal(signal), signal);
    // A terminal that is closed may say so twice.
    if (signal === "SIGHUP") return;
    service.abandon();
    process.exit(statusOfSignal(signal));
  });
  process.on("uncaughtException", (error) => {
    log.error("ended by what nobody foresaw", { error: error.stack });
    service.abandon();
    void exit(1);
  });
  if (cluster.worker) {
    // Else Node ends a worker at once, with its calls, when the first process is gone.
    cluster.worker.exitedAfterDisconnect = true;
    process.on("message", (message) => {
      if (message === stopMessage) stop(0);
    });
    process.once("disconnect", () => stop(0));
  }
  try {
    await service.started;
  } catch (error) {
    if (now.phase === "starting") throw error;
  }
  // The end has begun already, whatever became of the start.
  if (now.phase === "stopping") return;
  now.phase = "serving";
  if (cluster.isWorker) await tellFirstProcess({ kind: "serving" });
}
