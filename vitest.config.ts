import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.js";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/databases.ts"],
    setupFiles: ["test/support/no-secrets.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A process runs one file after the other. What is of this project is evaluated anew for each, packages are not: that,
    // and compiling them, was a sixth of all CPU time.
    isolate: false,
    // Three also on two cores, where vitest would take one: files wait for servers, databases and locks half of the time.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    reporters: process.env.ARCHIVE_TEST_RESULTS
      ? ["default", ["json", { outputFile: process.env.ARCHIVE_TEST_RESULTS }]]
      : ["default"],
  },
});
