import { join } from "node:path";
import { defineConfig } from "vitest/config";

const results = process.env.ARCHIVE_TEST_RESULTS_DIR;

/** Tests of what stands around the archive in a deployment: not among those of the service, so named otherwise. */
export default defineConfig({
  test: {
    include: ["test/deployments/*.spec.ts"],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    // Each starts a cluster of its own.
    fileParallelism: false,
    reporters: results ? ["default", ["json", { outputFile: join(results, "deployments.json") }]] : ["default"],
  },
});
