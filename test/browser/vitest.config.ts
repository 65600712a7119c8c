import { join } from "node:path";
import { defineConfig } from "vitest/config";

const results = process.env.ARCHIVE_TEST_RESULTS_DIR;

/** Tests that need a browser: not among those of the service, so named otherwise. */
export default defineConfig({
  test: {
    include: ["test/browser/*.spec.ts"],
    testTimeout: 60_000,
    // A browser may have to be fetched first.
    hookTimeout: 300_000,
    reporters: results ? ["default", ["json", { outputFile: join(results, "browser.json") }]] : ["default"],
  },
});
