import { join } from "node:path";
import { defineConfig } from "vitest/config";

const results = process.env.ARCHIVE_TEST_RESULTS_DIR;

/** Tests that need Go, Python and the network for the first time: not among those of the service, so named otherwise. */
export default defineConfig({
  test: {
    include: ["test/clients/*.spec.ts"],
    testTimeout: 240_000,
    hookTimeout: 60_000,
    reporters: results
      ? ["default", ["json", { outputFile: join(results, `clients-${process.pid}.json`) }]]
      : ["default"],
  },
});
