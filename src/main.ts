#!/usr/bin/env node
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addClientCommands, runProgram, usageOutput } from "./cli/program.js";
import { createLog } from "./log.js";
import { addOptions, databaseSettings, readOptions, serveSettings } from "./options.js";
import { StorageError } from "./storage/store.js";
import { actAsWorker, startWorkers } from "./workers.js";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("synergos-archive")
  .description("Keeps the records of a Synergos grid and enforces their hierarchy.")
  .version(version)
  .configureHelp({ showGlobalOptions: true, helpWidth: 110 })
  .showHelpAfterError("(--help shows all options)")
  .configureOutput(usageOutput)
  .exitOverride();

addOptions(program.command("serve"), serveSettings)
  .description("serve the archive; migrates an embedded database by itself")
  .option("--migrate", "migrate a database server's schema first")
  .action(async (options: { migrate?: boolean }, command: Command) => {
    const settings = readOptions(command, serveSettings);
    // What only the server needs is loaded by it alone: other commands start in half the time.
    const { serve } = await import("./serve.js");
    const log = createLog(settings.logLevel, settings.logFormat);
    if (settings.workers > 1 && settings.databaseUrl.kind === "sqlite") {
      throw new Error("--workers needs a database server: an embedded database is one process's");
    }
    const server =
      settings.workers > 1 && cluster.isPrimary
        ? await startWorkers(settings.workers, log)
        : await serve({ ...settings, migrate: options.migrate ?? false }, log);
    let stopping = false;
    const stop = (signal?: string) => {
      if (stopping) return;
      stopping = true;
      log.info("stopping", { signal, grace_ms: settings.grace });
      server.stop().then(() => {
        log.info("stopped");
        log.once("finish", () => process.exit(0));
        log.end();
      });
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        // Ctrl-C at a terminal reaches all processes; workers stop when the first of them tells them to.
        if (cluster.isWorker && signal === "SIGINT") return;
        if (stopping) {
          for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGKILL");
          process.exit(130);
        }
        stop(signal);
      });
    }
    if (cluster.isWorker) actAsWorker(() => stop());
  });

addOptions(program.command("migrate"), databaseSettings)
  .description("bring the database's schema to the version of this program")
  .action(async (_options: unknown, command: Command) => {
    const settings = readOptions(command, databaseSettings);
    const { openStore } = await import("./storage/open-store.js");
    const store = await openStore(settings.databaseUrl, {
      poolSize: 1,
      acquireTimeout: settings.poolTimeout,
      maxResultSize: 2 ** 20,
    });
    try {
      const { from, to } = await store.migrate();
      await store.check();
      console.log(from === to ? `schema: version ${to} already` : `schema: migrated from version ${from} to ${to}`);
    } finally {
      await store.close();
    }
  });

addClientCommands(program);

// What the storage says is meant for clients; an operator needs the reason.
await runProgram(program, (error) =>
  error instanceof StorageError ? `the database cannot be used: ${(error.cause as Error).message}` : error.message,
);
