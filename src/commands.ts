import { Command } from "commander";
import { addCommands, runProgram, usageOutput } from "./cli/program.js";
import { withoutGridFlags } from "./grid-flags.js";
import { databaseSettings, serveSettings } from "./options.js";
import { addOptions, readOptions } from "./settings.js";
import { displayLocation } from "./storage/database-url.js";
import { StorageError } from "./storage/store.js";
import { version } from "./version.js";

const program = new Command("synergos-archive")
  .description("Keeps the records of a Synergos grid and enforces their hierarchy.")
  .version(version)
  .configureHelp({ showGlobalOptions: true, helpWidth: 110 })
  .showHelpAfterError("(--help shows all options)")
  .configureOutput(usageOutput)
  .exitOverride();

// What only one of them needs is loaded by it alone: the others start in half the time.
addOptions(program.command("serve"), serveSettings)
  .description("serve the archive; migrates an embedded database by itself")
  .option("--migrate", "migrate a database server's schema first")
  .action(async ({ migrate = false }: { migrate?: boolean }, command: Command) => {
    const settings = readOptions(command, serveSettings);
    const { runServer } = await import("./process/run-server.js");
    await runServer({ ...settings, migrate }, explain);
  });

addOptions(program.command("migrate"), databaseSettings)
  .description("bring the database's schema to the version of this program")
  .option(
    "--new-history",
    "after a backup came back: who watches is told to begin anew, whatever it knew of what is gone",
  )
  .action(async ({ newHistory = false }: { newHistory?: boolean }, command: Command) => {
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
      if (newHistory) await store.changes.renew();
      console.log(from === to ? `schema: version ${to} already` : `schema: migrated from version ${from} to ${to}`);
      if (newHistory) console.log("history: a new one has begun");
    } finally {
      await store.close();
    }
  });

addOptions(program.command("backup <file>"), { databaseUrl: databaseSettings.databaseUrl })
  .description("copy an embedded database, in use or not, to a new file")
  .action(async (file: string, _options: unknown, command: Command) => {
    const { databaseUrl } = readOptions(command, { databaseUrl: databaseSettings.databaseUrl });
    const { backup } = await import("./storage/backup.js");
    backup(databaseUrl, file);
    console.log(`backup: ${file} is a copy of ${displayLocation(databaseUrl)}`);
  });

addCommands(program);

/** What the storage says is meant for clients; an operator needs the reason. */
function explain(error: Error): string {
  return error instanceof StorageError
    ? `the database cannot be used: ${(error.cause as Error).message}`
    : error.message;
}

await runProgram(program, explain, withoutGridFlags);
