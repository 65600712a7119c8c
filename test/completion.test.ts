import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordTypes } from "../src/records/record-type.js";
import { runProgram, runShell, runWithin } from "./support/command.js";

describe("shell completion", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "archive-test-"));
    writeFileSync(join(folder, "archive.json"), "");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const words = async (...given: string[]) =>
    (await runWithin("__complete", "--", ...given)).stdout.split("\n").flatMap((line) => line.split("\t")[0] || []);

  test("knows what each word can be", async () => {
    expect(await words("im")).toEqual(["import"]);
    expect(await words("")).toEqual(expect.arrayContaining(["get", "tree", "export"]));
    expect(await words("get", "")).toEqual(recordTypes.map(({ field }) => field));
    expect(await words("get", "-o", "json", "reg")).toEqual(["registration"]);
    expect(await words("get", "--output", "")).toEqual(["table", "json", "yaml"]);
    expect(await words("get", "--output", "=", "js")).toEqual(["json"]);
    expect(await words("get", "--output=js")).toEqual(["--output=json"]);
    expect(await words("import", "--orph")).toEqual(["--orphans"]);
    for (const file of [
      ["import", ""],
      ["export", "-f", ""],
      ["create", "run", "a/b/c/d", "--file", "x"],
      ["import", "x", "--report", ""],
      ["import", "--", ""],
      ["access", "check", ""],
    ]) {
      expect([file, await words(...file)]).toEqual([file, [":files"]]);
    }
    expect(await words("access", "")).toEqual(["check", "help", "--help"]);
    expect(await words("access", "check", "x", "reg")).toEqual(["registration"]);
    expect(await words("access", "check", "x", "--may", "")).toEqual(["read", "write", "delete"]);
    expect(await words("get", "run", "")).toEqual([]);
    expect(await words("nonsense", "")).toEqual([]);
  });

  /** What bash offers for a line, in a shell that has read nothing but the script, twice. */
  const offered = async (...line: string[]) => {
    const quoted = line.map((word) => `'${word}'`).join(" ");
    const { stdout, stderr } = await runShell(
      `cd "$FOLDER"; synergos-archive() { cli "$@"; }
      for again in 1 2; do source <(synergos-archive complete bash); done
      compopt() { echo "$*"; }
      COMP_WORDS=(synergos-archive ${quoted}); COMP_CWORD=${line.length}
      _synergos_archive; printf '%s\\n' "\${COMPREPLY[@]}"`,
      { FOLDER: folder },
    );
    return stdout + stderr;
  };

  test("works in bash alone, however often it is read, and offers files", async () => {
    expect(await offered("imp")).toBe("import\n");
    expect(await offered("get", "run", "--output", "=")).toBe("table\njson\nyaml\n");
    expect(await offered("import", "")).toBe("-o default\n\n");
  });

  test("completes at a terminal", async () => {
    const rc = join(folder, "rc");
    writeFileSync(
      rc,
      `PS1='$ '; cd '${folder}'; alias synergos-archive='"${process.execPath}" "${process.cwd()}/dist/src/main.js"'; source <("${process.execPath}" "${process.cwd()}/dist/src/main.js" complete bash)\n`,
    );
    const { stdout } = await runProgram([], {
      program: ["bash", "--noprofile", "--rcfile", rc, "-i"],
      terminal: ["$ ", "synergos-archive descr\t --hel\t\nsynergos-archive import arch\t\nexit\n"],
    });
    expect(stdout).toContain("show the record types, as the server has them");
    expect(stdout).toContain("import archive.json");
  });

  test("takes only shells that it knows", async () => {
    expect(await runProgram(["complete", "tcsh"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("bash"),
    });
    expect(await runProgram(["complete"])).toMatchObject({ status: 2 });
  });
});
