import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verbs } from "../src/access/define-roles.js";
import { readAccessFile } from "../src/access/read-access-file.js";
import { Failure } from "../src/cli/failure.js";
import { recordTypes } from "../src/records/record-type.js";
import { accessText, sha256 } from "./support/access.js";
import { runProgram, runWithin } from "./support/command.js";

let folder: string;
let file: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "archive-test-"));
  file = at("access.yaml");
  const grants = {
    boss: [{ role: "administrator" }],
    heart: [{ role: "participant", participant: "heart", scope: { collab_id: "c" } }],
    blind: [{ role: "writer", scope: { collab_id: "c" } }],
    nobody: [],
  };
  const writer = { may: { Run: { read: "scope", write: "scope" }, Collaboration: { read: "scope", delete: "scope" } } };
  writeFileSync(file, accessText(grants, { roles: { writer } }));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("access check", () => {
  const ask = (as: string, may: string, ...named: string[]) =>
    runWithin("access", "check", file, ...named, "--as", as, "--may", may);

  test("counts what a file has that is right", async () => {
    const { stdout } = await runWithin("access", "check", file, "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({ principals: 4, tokens: 4, expired_tokens: 0, issuers: 0 });
    expect((await runWithin("access", "check", file)).stdout).toMatch(/^WHAT +COUNT\nprincipals +4\n/);
  });

  test("says all that is wrong, each with its line", async () => {
    writeFileSync(at("bad.yaml"), "principals:\n  - name: a\n    tokens: [{sha256: a}]\n  - grants: [{role: king}]\n");
    const { status, stdout, stderr } = await runProgram(["access", "check", at("bad.yaml")]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr.split("\n").map((line) => line.replace(`${folder}/`, ""))).toEqual([
      expect.stringMatching(/^bad.yaml:3: sha256 must be 64/),
      "bad.yaml:4: a principal needs a name",
      expect.stringMatching(/^bad.yaml:4: there is no role "king": administrator/),
      "error: USAGE: bad.yaml cannot be used: 3 faults",
      "",
    ]);
  });

  test("names the grant that allows", async () => {
    expect((await ask("heart", "read", "run", "c/p/e/r")).stdout.split("\n")).toEqual([
      "yes: heart may read Run c/p/e/r",
      expect.stringMatching(/^ROLE +WHERE +PARTICIPANT +ANSWER$/),
      expect.stringMatching(/^participant +collab_id=c +heart +allows it$/),
      "",
    ]);
    expect((await ask("heart", "read", "run")).stdout).toMatch(/^yes: heart may read Run of any key\n/);
    expect((await ask("boss", "delete", "mlflow", "c/p/r/n")).stdout).toMatch(/^yes.*\n.*\n.*allows it\n$/);
  });

  test.each([
    ["heart", "write", "run", "c/p/e/r", "no: the role participant may not write Run"],
    ["heart", "read", "run", "other/p/e/r", "no: is about collab_id=c"],
    ["heart", "write", "registration", "c/p/lung", "no: is about collab_id=c participant_id=heart"],
    ["blind", "write", "run", "c/p/e/r", "may change it, not create it: cannot read Experiment"],
    ["blind", "delete", "collaboration", "c", "may delete it, but not what goes with it: cannot read every Project"],
    ["nobody", "read", "run", "", "nothing is granted"],
  ])("says what %s lacks to %s %s %j", async (as, may, type, key, expected) => {
    const { status, stdout } = await ask(as, may, type, key);
    expect(stdout).toContain(expected);
    expect(status).toBe(stdout.startsWith("no: ") ? 14 : 0);
  });

  test("answers as the rights do, for every type and verb", async () => {
    const read = readAccessFile(accessText({ heart: [{ role: "participant", participant: "heart", scope: {} }] }));
    if (!("principals" in read)) throw new Error("the file is right");
    const rights = read.principals.get("heart")?.rights;
    for (const type of recordTypes) {
      const ids = type.key.map((field) => (field === "participant_id" ? "heart" : "c"));
      const key = Object.fromEntries(type.key.map((field, index) => [field, ids[index] ?? ""]));
      for (const verb of verbs) {
        const { stdout } = await runWithin(
          ...["access", "check", file, type.field, ids.join("/"), "--as", "heart", "--may", verb, "-o", "json"],
        );
        const expected = verb === "delete" ? rights?.mayDelete(type, key) : rights?.may(verb, type, key);
        expect([type.name, verb, JSON.parse(stdout).allowed]).toEqual([type.name, verb, expected]);
      }
    }
  });

  test.each([
    [["--as", "heart"], /^a question needs all of/],
    [["run", "c/p/e/r", "--as", "king", "--may", "read"], /has no principal "king"/],
    [["run", "c/p", "--as", "heart", "--may", "write"], /is no key of a Run/],
  ])("refuses %j", async (parameters, message) => {
    const failure = await runWithin("access", "check", file, ...parameters).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
  });
});

describe("token", () => {
  test("writes a token alone, and beside it what the access file takes", async () => {
    const { stdout, stderr } = await runWithin("token", "--name", "heart: a", "--expires", "2999-01-31");
    expect(stdout).toMatch(/^synergos_[\w-]{43}\n$/);
    const read = readAccessFile(`principals:\n${stderr}`);
    if (!("principals" in read)) throw new Error(JSON.stringify(read));
    const token = read.tokens.get(sha256(stdout.trim()));
    expect([token?.principal.name, token?.expires]).toEqual(["heart: a", Date.parse("2999-01-31")]);
    expect((await runWithin("token")).stdout).not.toBe(stdout);
  });

  test.each([
    [["--name", ""], /^--name must have 1 to 256/],
    [["--expires", "tomorrow"], /^--expires must be a day or a time/],
    [["--expires", "2020-01-01"], /^--expires 2020-01-01 is over/],
  ])("refuses %j", async (parameters, message) => {
    await expect(runWithin("token", ...parameters)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });
});
