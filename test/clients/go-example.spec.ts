import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { accessText, tokenOf } from "../support/access.js";
import { serve } from "./serve.js";

const example = (environment: Record<string, string>) =>
  promisify(execFile)("go", ["run", "./example"], { cwd: "generated/go", env: { ...process.env, ...environment } });

test("the Go example does a full round trip, and can do it again", async () => {
  const server = await serve();
  try {
    for (let time = 0; time < 2; time += 1) {
      await expect(example({ ARCHIVE_ADDRESS: server.address })).resolves.toMatchObject({ stderr: "" });
    }
  } finally {
    await server.stop();
  }
});

test("and shows its token where there is access control", async () => {
  const server = await serve(async (folder) => {
    const file = join(folder, "access.yaml");
    await writeFile(file, accessText({ boss: [{ role: "administrator" }] }));
    return ["--access", file];
  });
  try {
    const ARCHIVE_ADDRESS = server.address;
    await expect(example({ ARCHIVE_ADDRESS, ARCHIVE_TOKEN: tokenOf("boss") })).resolves.toMatchObject({ stderr: "" });
    await expect(example({ ARCHIVE_ADDRESS })).rejects.toMatchObject({
      stderr: expect.stringMatching(/CREDENTIAL_MISSING|Unauthenticated/),
    });
  } finally {
    await server.stop();
  }
});
