import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/databases.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: process.env.ARCHIVE_TEST_RESULTS
      ? ["default", ["json", { outputFile: process.env.ARCHIVE_TEST_RESULTS }]]
      : ["default"],
  },
});
