import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessText, tokenOf } from "./support/access.js";
import { runProgram } from "./support/command.js";
import { type ServerProcess, startProcess } from "./support/process.js";

describe("commands that show a token", () => {
  let folder: string;
  let server: ServerProcess;
  const at = (name: string) => join(folder, name);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "archive-test-"));
    const access = accessText({
      boss: [{ role: "administrator" }],
      heart: [{ role: "participant", participant: "heart", scope: { collab_id: "c" } }],
      reader: [{ role: "reader", scope: {} }],
      nobody: [],
    });
    writeFileSync(at("access.yaml"), access);
    writeFileSync(at("heart.token"), `${tokenOf("heart")}\n`);
    server = await startProcess(`sqlite:${at("archive.db")}`, ["--access", at("access.yaml")]);
  });
  afterAll(async () => {
    await server?.end();
    rmSync(folder, { recursive: true });
  });
  const run = (parameters: readonly string[], environment: Record<string, string> = {}, input = "") =>
    runProgram([...parameters, "--address", server.address], { environment, input });

  test("are who the token says, however it is given", async () => {
    const expected = { status: 0, stdout: expect.stringMatching(/^heart \(does not expire\)\n/), stderr: "" };
    expect(await run(["whoami", "--token", tokenOf("heart")])).toEqual(expected);
    expect(await run(["whoami", "--token-file", at("heart.token")])).toEqual(expected);
    expect(await run(["whoami"], { ARCHIVE_TOKEN: tokenOf("heart") })).toEqual(expected);
    expect(await run(["whoami"], { ARCHIVE_TOKEN_FILE: at("heart.token") })).toEqual(expected);
  });

  test("say what is granted", async () => {
    const { stdout } = await run(["whoami", "--token", tokenOf("heart")]);
    expect(stdout.split("\n").slice(1, 3)).toEqual([
      expect.stringMatching(/^ROLE +WHERE +PARTICIPANT +SEES$/),
      expect.stringMatching(/^participant +collab_id=c +heart +/),
    ]);
    expect((await run(["whoami", "--token", tokenOf("boss")])).stdout).toMatch(/\nadministrator +everywhere +-/);
    expect((await run(["whoami", "--token", tokenOf("nobody")])).stdout).toMatch(/\nnothing is granted\n$/);
    const { stdout: json } = await run(["whoami", "--token", tokenOf("heart"), "-o", "json"]);
    expect(JSON.parse(json)).toMatchObject({ principal: "heart", grants: [{ role: "participant" }] });
  });

  test("do what they may, by single calls, streams and uploads", async () => {
    const boss = { ARCHIVE_TOKEN: tokenOf("boss") };
    const heart = { ARCHIVE_TOKEN: tokenOf("heart") };
    expect(await run(["create", "collaboration", "c"], boss, "{}")).toMatchObject({ status: 0 });
    expect(await run(["create", "collaboration", "hidden"], boss, "{}")).toMatchObject({ status: 0 });
    const { status, stdout } = await run(["export"], heart);
    expect([status, stdout]).toEqual([0, expect.stringContaining('"c"')]);
    expect(stdout).not.toContain("hidden");
    expect(await run(["list", "collaboration"], heart)).toMatchObject({
      status: 0,
      stdout: expect.not.stringContaining("hidden"),
    });
    const all = await run(["export"], boss);
    expect(await run(["import", "-"], boss, all.stdout)).toMatchObject({ status: 0 });
    expect(all.stderr).toBe("");
    const hidden = await run(["export"], { ARCHIVE_TOKEN: tokenOf("reader") });

    expect(hidden).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(
        /^not in the export, as they are not for you to see: attributes.* of collaboration\n$/,
      ),
    });
    const refused = await run(["create", "collaboration", "d"], heart, "{}");
    expect([refused.status, refused.stderr]).toEqual([14, expect.stringContaining("ACCESS_DENIED")]);
  });

  test("are refused without one and with a bad one, which nothing repeats", async () => {
    const without = await run(["list", "run"]);
    expect([without.status, without.stderr]).toEqual([13, expect.stringMatching(/^error: CREDENTIAL_MISSING: .+\n$/)]);
    const bad = await run(["list", "run", "--token", "secret-and-unknown"]);
    expect(bad.stderr).toMatch(/^error: CREDENTIAL_INVALID: .+\n$/);
    expect(bad.stderr).not.toContain("secret");
    // Health is open.
    expect(await run(["health"])).toEqual({ status: 0, stdout: "SERVING\n", stderr: "" });
  });

  test.each([
    [["--token", "se cret"], /^error: USAGE: --token must be a token of letters.*\n$/],
    [["--token", ""], /^error: USAGE: --token must be a token.*\n$/],
    [["--token", "secret", "--token-file", "x"], /--token-file names a file that cannot be read \(ENOENT\): x/],
    [["--token-file", "/dev/null"], /--token-file names a file whose text must be a token.*: \/dev\/null/],
    [["--token", "secret", "--address", "archive.example.org:50051"], /a token without TLS would be sent to/],
  ])("name what is wrong with %j, but not the token", async (parameters, text) => {
    const { status, stderr } = await runProgram(["whoami", ...parameters]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(text)]);
    expect(stderr).not.toMatch(/cret/);
  });

  test("take either a token or a file with one", async () => {
    const both = await run(["whoami", "--token", "secret", "--token-file", at("heart.token")]);
    expect(both.stderr).toMatch(/--token and --token-file must not both be given/);
  });
});
