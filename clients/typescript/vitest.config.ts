import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

const results = process.env.ARCHIVE_TEST_RESULTS_DIR;

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // As in the service's own tests: packages are compiled once a process, not once a file.
    isolate: false,
    // Two also on two cores: a test waits for its server half of the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: results ? ["default", ["json", { outputFile: join(results, "typescript.json") }]] : ["default"],
  },
});
