import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { startArchive, type TestArchive } from "./support/archive.js";
import { runProgram, runShell, runWithin } from "./support/command.js";
import { details } from "./support/records.js";

const [engine] = inject("engines");

describe("details that a command reads", () => {
  let archive: TestArchive;
  let folder: string;
  let environment: Record<string, string>;
  beforeAll(async () => {
    if (!engine) throw new Error("no engine");
    archive = await startArchive(engine);
    folder = mkdtempSync(join(tmpdir(), "archive-test-"));
    environment = { ARCHIVE_ADDRESS: archive.address, FOLDER: folder };
    await archive.client.create("Participant", {
      key: { participant_id: "p" },
      details: details("Participant", { summary: "kept" }),
    });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await archive?.close();
  });

  /** How an update with these details ends. */
  const updated = async (bytes: string | Buffer): Promise<string> => {
    const file = join(folder, "details");
    writeFileSync(file, bytes);
    return runWithin("update", "participant", "p", "-f", file, "--address", archive.address).then(
      () => "done",
      ({ exitCode, message }) => `${exitCode} ${message.replace(file, "FILE")}`,
    );
  };
  const stored = async () => (await archive.client.get("Participant", { participant_id: "p" })).details;

  test("come from a pipe that has nothing yet, and from a terminal", async () => {
    const slow = await runShell("(sleep 1; echo '{}') | cli create participant slow", environment);
    expect([slow.stderr, slow.status]).toEqual(["", 0]);
    const typed = await runProgram(["create", "participant", "typed"], {
      environment,
      terminal: ["Ctrl-D ends them", "summary: typed\n\u0004"],
    });
    expect([typed.status, typed.stdout]).toEqual([0, expect.stringMatching(/details\.summary\S* +typed/)]);
    const none = await runProgram(["create", "participant", "none"], {
      environment,
      terminal: ["Ctrl-D ends them", "\u0004"],
    });
    expect([none.status, none.stdout]).toEqual([2, expect.stringContaining("give an object")]);
    const broken = await runProgram(["create", "participant", "broken"], {
      environment,
      terminal: ["Ctrl-D ends them", "\u0003"],
    });
    expect(broken.status).toBe(130);
    const piped = await runShell("cli create participant fd -f <(echo '{}')", environment);
    expect([piped.stderr, piped.status]).toEqual(["", 0]);
    const standard = await runShell("echo '{}' | cli create participant stdin -f /dev/stdin", environment);
    expect([standard.stderr, standard.status]).toEqual(["", 0]);
  });

  test("are not nothing: what failed before must not empty a record", async () => {
    const missing = await runShell("cat $FOLDER/missing.json | cli update participant p", environment);
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining("and {} for one without members")]);
    for (const nothing of ["", " \n", "null", "~", "---\n", "# none\n", "\uFEFF"]) {
      expect(await updated(nothing)).toBe(
        "2 FILE holds no details: give an object as JSON or YAML, and {} for one without members",
      );
    }
    expect(await updated("[]")).toMatch(/^2 .*holds no object/);
    expect(await stored()).toMatchObject({ summary: "kept" });
    expect(await updated("{}")).toBe("done");
    expect(await stored()).not.toHaveProperty("summary", "kept");
  });

  test("are UTF-8, or what they are is named", async () => {
    const text = 'summary: "é"\n';
    const cases: [string | Buffer, RegExp | string][] = [
      [Buffer.from("summary: \xe9\n", "latin1"), /^2 FILE is not UTF-8 at line 1/],
      [Buffer.concat([Buffer.from("a: 1\nb: 2\nc: "), Buffer.from([0xff, 10])]), /^2 FILE is not UTF-8 at line 3/],
      [Buffer.from("summary: \xc3", "latin1"), /^2 FILE is not UTF-8 at line 1/],
      [Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]), /^2 FILE is UTF-16.*iconv/],
      [Buffer.from(text, "utf16le"), /^2 FILE is UTF-16/],
      [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), /^2 FILE is compressed by gzip.*gunzip/],
      [`\uFEFF${text}`, "done"],
      ['{"summary": "\\ud800"}', /^2 FILE holds .* line 1, column 13: .*surrogate/],
    ];
    for (const [bytes, ending] of cases) expect(await updated(bytes)).toEqual(expect.stringMatching(ending));
    const key = await runShell("cli create participant $'p\\xe9' -f <(echo '{}')", environment);
    expect([key.status, key.stderr]).toEqual([2, expect.stringContaining("is not UTF-8")]);
    const listed = await runShell("cli list participant --prefix=$'\\xe9'", environment);
    expect(listed.status).toBe(2);
  });

  test("hold what JSON has, and nothing that would become something else", async () => {
    const laughs = Array.from({ length: 12 }, (_, n) => `l${n}: &l${n} [${n ? `${`*l${n - 1},`.repeat(9)}` : "1"}]`);
    const refused: [string, RegExp][] = [
      ["attributes: !!set {a, b}", /line 1, column \d+: the tag tag:yaml.org,2002:set/],
      ["attributes: {o: !!omap [a: 1]}", /the tag tag:yaml.org,2002:omap/],
      ["attributes: {t: !!timestamp 2021-04-10}", /the tag tag:yaml.org,2002:timestamp/],
      ["attributes:\n  b: !!binary aGVsbG8=", /line 2, column \d+: the tag tag:yaml.org,2002:binary/],
      ["attributes: {x: !mine 1}", /tag/],
      ["%YAML 1.1\n---\nattributes: {d: 2021-04-10}", /YAML 1\.1/],
      ["attributes:\n  a: &a {x: 1}\n  b: {<<: *a}", /line 3, column 7: merge keys/],
      ["attributes: {1: a}", /line 1, column 14: the name 1 is no text/],
      ["attributes: {? [a] : b}", /the name is no text/],
      ["attributes: {a: 1, a: 2}", /keys must be unique/i],
      ['{"attributes": {"a": 1, "a": 2}}', /keys must be unique/i],
      [`attributes:\n  ${laughs.join("\n  ")}`, /aliases stand for more than 100,000 values/],
      ["attributes: &a {b: *a}", /holds itself|anchor/],
      ['{"attributes": {"a": 1e400}}', /line 1, column 22: 1e400 is larger/],
      ['{"attributes": {"a": 1e-400}}', /1e-400 is smaller/],
      ['{"attributes": {"a": 9007199254740993}}', /^3 details\.attributes\.a is 9007199254740993, which no double is/],
      ['{"summary": 9007199254740993}', /^3 .*summary/],
      ['{"summary": NaN}', /^3 .*summary/],
      ["attributes: {a: .nan}", /^3 details\.attributes\.a is NaN/],
      ["[".repeat(5000), /^2 FILE /],
      ["summary: a\n---\nsummary: b", /^2 FILE .*documents/i],
    ];
    for (const [text, message] of refused)
      expect([text.slice(0, 60), await updated(text)]).toEqual([text.slice(0, 60), expect.stringMatching(message)]);
    const taken =
      'attributes: {day: 2021-04-10, big: 9007199254740992, far: 1e300, "<<": 1, "1": 2, zero: 0.0, again: &x [a], same: *x}';
    expect(await updated(taken)).toBe("done");
    expect(await stored()).toMatchObject({
      attributes: { day: "2021-04-10", big: 2 ** 53, far: 1e300, "<<": 1, "1": 2, zero: 0, again: ["a"], same: ["a"] },
    });
  });
});
