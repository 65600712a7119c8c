import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { serve } from "./serve.js";

test("the Go example does a full round trip, and can do it again", async () => {
  const server = await serve();
  try {
    const environment = { cwd: "generated/go", env: { ...process.env, ARCHIVE_ADDRESS: server.address } };
    for (let time = 0; time < 2; time += 1) {
      await expect(promisify(execFile)("go", ["run", "./example"], environment)).resolves.toMatchObject({ stderr: "" });
    }
  } finally {
    await server.stop();
  }
});
