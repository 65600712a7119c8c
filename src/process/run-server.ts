import cluster from "node:cluster";
import { asFailure, usageFailure } from "../cli/failure.js";
import { foreignVariables } from "../environment.js";
import { createLog } from "../log.js";
import { checkOpenFiles, openFilesLimit } from "../open-files.js";
import { serveSettings } from "../options.js";
import type { RunningServer, ServeOptions } from "../serve.js";
import { aloneExchange, answerWorkers, workerExchange } from "./metrics-exchange.js";
import { runService } from "./run-service.js";
import type { Service } from "./service.js";
import { tellFirstProcess } from "./worker-messages.js";
import { startWorkers } from "./workers.js";

/** Serves the archive until this process ends, by itself or by several workers. */
export async function runServer(options: ServeOptions, explain: (error: Error) => string): Promise<void> {
  const { workers, databaseUrl, grace } = options;
  const log = createLog(options);
  if (workers > 1 && databaseUrl.kind === "sqlite") {
    throw usageFailure("--workers needs a database server: an embedded database is one process's");
  }
  if (cluster.isPrimary) {
    const variables = Object.values(serveSettings).map(({ variable }) => variable);
    for (const [variable, value] of foreignVariables(variables)) {
      log.warn(`${variable} is ignored: Kubernetes or Docker sets it beside a service of that name`, { value });
    }
  }
  if (workers > 1 && cluster.isPrimary && options.httpPort !== undefined) answerWorkers();
  const service =
    workers > 1 && cluster.isPrimary
      ? startWorkers(workers, grace, log)
      : inThisProcess(async () => {
          checkOpenFiles(openFilesLimit());
          const exchange = cluster.isWorker ? workerExchange() : aloneExchange();
          return (await import("../serve.js")).serve(options, log, exchange);
        });
  try {
    await runService(service, grace, log);
  } catch (error) {
    if (!cluster.isWorker) throw error;
    const { exitCode, reason, message } = asFailure(error as Error, explain);
    await tellFirstProcess({ kind: "failed", exitCode, reason, message });
    process.exit(exitCode);
  }
}

/** A server in this process. Until it serves there is nothing that would have to be stopped in order. */
function inThisProcess(start: () => Promise<RunningServer>): Service {
  let server: RunningServer | undefined;
  return {
    started: start().then((running) => {
      server = running;
    }),
    async stop() {
      await server?.stop();
    },
    abandon() {},
  };
}
