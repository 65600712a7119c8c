import { join } from "node:path";
import { defineConfig } from "vitest/config";

const results = process.env.ARCHIVE_TEST_RESULTS_DIR;

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: results ? ["default", ["json", { outputFile: join(results, "typescript.json") }]] : ["default"],
  },
});
