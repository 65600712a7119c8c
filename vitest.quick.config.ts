import { configDefaults, defineConfig, mergeConfig } from "vitest/config";
import config from "./vitest.config.js";

/** What `make quick` leaves to `make test`. */
const leftOut = {
  "start database servers of their own, or need one": [
    "cluster",
    "cluster-faults",
    "crashes",
    "database-faults",
    "deadlines",
    "grace",
    "hostile-defaults",
    "killed-creates",
    "large-records",
    "log",
    "metrics",
    "open-files",
    "process",
    "random-faults",
    "statement-faults",
    "traces",
  ],
  "wait, or are long": [
    "access-crossing",
    "access-file-thread",
    "answer-memory",
    "bench",
    "bounds",
    "change-faults",
    "cli",
    "client-tokens",
    "command-files",
    "credentials",
    "embedded-database",
    "fuzz",
    "gelf",
    "histories",
    "http-conformance",
    "interrupted-import",
    "noninterference",
    "races",
    "rotation",
    "server",
    "surroundings",
    "transport",
    "watch-command",
  ],
  "type what the pages say": ["readme", "tours"],
  "need grpcurl, which Go builds": ["reflection"],
};

const names = Object.values(leftOut).flat();
console.log("Not all tests, and on SQLite alone; `make test` runs every one on every engine. Left out are those that");
for (const [reason, files] of Object.entries(leftOut)) console.log(`  ${reason}: ${files.join(", ")}`);

export default mergeConfig(
  config,
  defineConfig({
    test: {
      exclude: [...configDefaults.exclude, ...names.map((name) => `test/${name}.test.ts`)],
      env: { ARCHIVE_TEST_OPERATIONS: process.env.ARCHIVE_TEST_OPERATIONS ?? "500" },
    },
  }),
);
