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
    // Two also on two cores: a test waits for its server half of the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: results ? ["default", ["json", { outputFile: join(results, "typescript.json") }]] : ["default"],
  },
});
