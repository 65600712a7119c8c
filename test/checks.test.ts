import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chosenEngines } from "./support/engines.js";

/** The checks of what must not change unseen: where they cannot check they say so, and fail where CI relies on them. */
describe("a check that cannot check", () => {
  let folder: string;
  let clone: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "archive checks "));
    clone = join(folder, "clone");
    for (const part of ["scripts", "proto", "docs/access.md", "buf.yaml"])
      cpSync(part, join(clone, part), { recursive: true });
    symlinkSync(resolve("node_modules"), join(clone, "node_modules"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const git = (...parameters: string[]) =>
    expect(spawnSync("git", ["-C", clone, ...parameters], { encoding: "utf8" })).toMatchObject({ status: 0 });
  const run = (script: string, environment: Record<string, string> = {}) => {
    const { status, stdout, stderr } = spawnSync(join(clone, "scripts", script), {
      env: { PATH: process.env.PATH, HOME: folder, ...environment },
      encoding: "utf8",
    });
    return { status, text: stdout + stderr };
  };
  const said = (script: string, message: RegExp, environment: Record<string, string> = {}) => {
    expect(run(script, environment)).toEqual({ status: 0, text: expect.stringMatching(message) });
    expect(run(script, { ...environment, CI: "true" })).toEqual({ status: 1, text: expect.stringMatching(message) });
  };

  test("breaking changes without a repository, without a main, and in a folder that git distrusts", () => {
    said("breaking", /not checked: git does not take this folder: fatal: not a git repository/);
    git("init", "--quiet", "--initial-branch", "topic");
    git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--allow-empty", "-m", "first");
    said("breaking", /not checked: there is neither origin\/main nor main/);
    git("branch", "main");
    said("breaking", /not checked: main \([0-9a-f]+\) has no protos/);
    said("breaking", /not checked: git does not take this folder: fatal: detected dubious ownership/, {
      GIT_TEST_ASSUME_DIFFERENT_OWNER: "1",
    });
    git("add", "proto", "buf.yaml");
    git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "protos");
    git("branch", "--force", "main");
    expect(run("breaking", { CI: "true" })).toMatchObject({ status: 0 });
  });

  test("generated code without Go or Python", () => {
    mkdirSync(join(clone, "generated"));
    // A generator that has nothing to do: what is missing is what this is about.
    rmSync(join(clone, "scripts/generate"));
    symlinkSync("/bin/true", join(clone, "scripts/generate"));
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const tool of ["bash", "cp", "diff", "mktemp", "rm", "dirname", "env"]) {
      const path = (process.env.PATH ?? "")
        .split(delimiter)
        .map((each) => join(each, tool))
        .find(existsSync);
      if (!path) throw new Error(`no ${tool}`);
      symlinkSync(path, join(bin, tool));
    }
    said("fresh", /Not checked: generated\/go .*\nNot checked: generated\/python/, { PATH: bin });
    for (const tool of ["go", "python3"]) symlinkSync("/bin/true", join(bin, tool));
    expect(run("fresh", { PATH: bin, CI: "true" })).toMatchObject({ status: 0 });
  });
});

test("the engines of the tests are all, or those that were asked for, and never none by mistake", () => {
  const all = ["sqlite", "mariadb", "mysql"];
  expect([chosenEngines(undefined), chosenEngines("")]).toEqual([all, all]);
  expect([chosenEngines("sqlite"), chosenEngines("mysql, sqlite")]).toEqual([["sqlite"], ["sqlite", "mysql"]]);
  for (const wrong of ["sqlit", "sqlite,", ",", " ", "toString"]) {
    expect(() => chosenEngines(wrong)).toThrow(/^ARCHIVE_TEST_ENGINES: there is no engine ".*", only sqlite, mariadb/);
  }
});
