import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "./support/command.js";
import { type ServerProcess, startProcess } from "./support/process.js";

describe("commands by TLS", () => {
  let folder: string;
  let server: ServerProcess;
  const at = (name: string) => join(folder, name);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "archive-test-"));
    const subject = ["-subj", "/CN=archive", "-addext", "subjectAltName=DNS:archive.grid.example"];
    const files = ["-keyout", at("key.pem"), "-out", at("cert.pem")];
    const parameters = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, ...files];
    execFileSync("openssl", parameters, { stdio: "ignore" });
    const tls = ["--tls-cert", at("cert.pem"), "--tls-key", at("key.pem")];
    server = await startProcess(`sqlite:${at("archive.db")}`, tls);
  });
  afterAll(async () => {
    await server?.end();
    rmSync(folder, { recursive: true });
  });
  const run = (...parameters: string[]) =>
    runProgram([...parameters, "--address", server.address, "--tls-ca", at("cert.pem")]);

  test("take a certificate for the service's own name, whatever the address is", async () => {
    const refused = await run("health");
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/^error: UNAVAILABLE: .*\n$/)]);
    const named = ["--tls-server-name", "archive.grid.example"];
    expect(await run("health", ...named)).toEqual({ status: 0, stdout: "SERVING\n", stderr: "" });
    expect(await run("list", "run", ...named)).toMatchObject({ status: 0 });
    expect(await run("export", ...named)).toMatchObject({ status: 0 });
    expect(await run("health", "--tls-server-name", "other.example")).toMatchObject({ status: 1 });
    const environment = {
      ARCHIVE_ADDRESS: server.address,
      ARCHIVE_TLS_CA: at("cert.pem"),
      ARCHIVE_TLS_SERVER_NAME: "archive.grid.example",
    };
    expect(await runProgram(["health"], { environment })).toMatchObject({ status: 0 });
  });

  test("name what makes no connection, as wrong usage", async () => {
    writeFileSync(at("nonsense.pem"), "nonsense");
    const { status, stderr } = await runProgram([
      "list",
      "run",
      "--tls-cert",
      at("nonsense.pem"),
      "--tls-key",
      at("key.pem"),
    ]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^error: USAGE: /)]);
  });

  test("load what they need alone: a health check neither descriptors nor a log", async () => {
    const environment = { NODE_V8_COVERAGE: at("loaded"), ARCHIVE_ADDRESS: server.address };
    await runProgram(["health"], { environment });
    const texts = readdirSync(at("loaded")).map((name) => readFileSync(join(at("loaded"), name), "utf8"));
    const files = [...texts.join("").matchAll(/"url":"(file:[^"]*)"/g)].map(([, url]) => fileURLToPath(url as string));
    // What was bundled into each.
    const loaded = files.flatMap((file): string[] => JSON.parse(readFileSync(`${file}.map`, "utf8")).sources);
    expect(loaded.filter((source) => source.endsWith("src/cli/health.ts"))).toHaveLength(1);
    const heavy =
      /generated\/ts\/(descriptors|synergos)|node_modules\/(winston|yaml|knex|mysql2|@inquirer|cli-progress)\//;
    expect(loaded.filter((source) => heavy.test(source))).toEqual([]);
  });
});
