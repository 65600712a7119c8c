import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parse } from "yaml";
import { recordType, recordTypes } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { runProgram, runWithin } from "./support/command.js";
import { countTables } from "./support/database.js";
import { createGrid, ids, keyOf, someDetails } from "./support/records.js";
import { tinyDbFile } from "./support/tinydb.js";

// The command line knows no database, so that one of them is enough.
const [engine] = inject("engines");

const escapeCode = "\u001b";
const red = `${escapeCode}[31m`;

describe("the command line", () => {
  let archive: TestArchive;
  let folder: string;
  let environment: Record<string, string>;
  beforeAll(async () => {
    if (!engine) throw new Error("no engine");
    archive = await startArchive(engine);
    folder = mkdtempSync(join(tmpdir(), "archive-test-"));
    environment = { ARCHIVE_ADDRESS: archive.address };
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await archive?.close();
  });

  const run = (parameters: string[], input?: string) =>
    runProgram(parameters, { environment, ...(input === undefined ? {} : { input }) });
  const onTerminal = (parameters: string[], terminal: readonly [string, string] | true = true) =>
    runProgram(parameters, { environment, terminal });
  /** What a command writes that runs within the test, which is faster. */
  const within = async (parameters: string[], format = "json", read: (text: string) => unknown = JSON.parse) => {
    const { stdout } = await runWithin(...parameters, "--output", format, "--address", archive.address);
    // biome-ignore lint/suspicious/noExplicitAny: what it is is what the test is about
    return read(stdout) as any;
  };
  const json = async (parameters: string[], input?: string) => {
    const { status, stdout, stderr } = await run([...parameters, "--output", "json"], input);
    expect([status, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout);
  };

  test("creates, shows, changes, lists and deletes records of every type", async () => {
    const grid = ids("1");
    const file = join(folder, "details.json");
    for (const type of recordTypes) {
      const key = type.key.map((field) => grid[field]).join("/");
      writeFileSync(file, "{}");
      if (type.parents.length === 0 && type.name !== "MLFlow") await within(["create", type.field, key, "-f", file]);
      else await archive.client.create(type.name, { key: keyOf(type, grid), details: someDetails(type.name) });
      const record = await within(["get", type.field, key]);
      expect(record).toMatchObject({ key: keyOf(type, grid), etag: expect.any(String) });
      // What it writes it can read: the same details make the same record.
      writeFileSync(file, JSON.stringify(record.details ?? {}));
      const same = await within(["update", type.field, key, "-f", file]);
      expect(same).toEqual({ ...record, updated_at: same.updated_at, etag: same.etag });
      expect(await within(["get", type.field, key], "yaml", parse)).toEqual(same);
      expect(await within(["list", type.field])).toEqual({ records: [same] });
      for (const verb of ["get", "list"]) {
        expect(await within([verb, type.field, key], "table", String)).toContain(key);
      }
    }
    const full = await within(["get", "run", "collab_1/project/expt/run", "--full"]);
    expect(full.relations.validations).toHaveLength(1);
    const narrow = await within(["get", "run", "collab_1/project/expt/run", "--relations", "model"]);
    expect([narrow.relations.validations, narrow.relations.models.length]).toEqual([undefined, 1]);
    const { deleted } = await within(["delete", "collaboration", "collab_1", "--yes"]);
    expect(deleted).toHaveLength(10);
    expect(await countTables(archive.database)).toEqual({ Participant: 1, MLFlow: 1 });
  });

  test("takes details as JSON or YAML, from a file or the standard input, exactly", async () => {
    await run(["create", "collaboration", "c", "-f", "-"], "mq: {host: a, ports: {main: 1}}\nnew: 1\n").then(
      ({ status, stderr }) => expect([status, stderr]).toEqual([3, expect.stringContaining('"new"')]),
    );
    const file = join(folder, "details.yaml");
    writeFileSync(file, "mq:\n  host: a\n  ports: {main: 1}\nattributes: {big: [1.5, null], text: '1'}\n");
    const created = await json(["create", "collaboration", "c", "--file", file]);
    expect(created.details).toEqual({
      mq: { host: "a", ports: { main: 1 } },
      attributes: { big: [1.5, null], text: "1" },
    });
    await createGrid(archive.client, ids("2"), recordType("Validation").ancestors);
    const key = recordType("Validation")
      .key.map((field) => ids("2")[field])
      .join("/");
    const numbers =
      '{"results": {"train": {"statistics": {"a": {"scalar": NaN}, "b": {"count": 9007199254740993}, "c": {"scalars": {"values": ["-Infinity", -0.0, 1e300]}}}}}}';
    const { details } = await json(["create", "validation", key], numbers);
    expect(details.results.train.statistics).toEqual({
      a: { scalar: "NaN" },
      b: { count: "9007199254740993" },
      c: { scalars: { values: ["-Infinity", -0, 1e300] } },
    });
    const yaml = await run(
      ["update", "validation", key, "--mask", "results.train.statistics.a"],
      "results: {train: {statistics: {a: {scalar: .inf}}}}",
    );
    expect(yaml.stdout).toContain("Infinity");
    const broken = await run(["create", "collaboration", "d"], '{"mq": {"host": "a"');
    expect([broken.status, broken.stderr]).toEqual([
      2,
      expect.stringMatching(/^error: USAGE: the standard input is neither.* line 1, column \d+/),
    ]);
    expect(broken.stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test("names ids that hold slashes and percent signs as URLs do", async () => {
    const { key } = await json(["create", "project", "c/a%2Fb%25c é", "-f", "-"], "incentives: {}");
    expect(key).toEqual({ collab_id: "c", project_id: "a/b%c é" });
    expect((await run(["list", "project", "c"])).stdout).toContain("c/a%2Fb%25c é");
    expect((await run(["tree", "project", "c/a%2Fb%25c%20%C3%A9"])).stdout).toMatch(
      /^project c\/a%2Fb%25c é {2}changed /,
    );
    expect(await run(["get", "project", "c/a/b"])).toMatchObject({ status: 2, stderr: expect.stringContaining("%2F") });
    expect(await run(["get", "project", "c/100%"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("%25"),
    });
  });

  test("lists by the beginning of keys, by any id, by prefix, and page by page", async () => {
    const grid = ids("3");
    await createGrid(archive.client, grid);
    for (const run_id of ["a_1", "a_2", "b_1"]) {
      await archive.client.create("Run", {
        key: keyOf(recordType("Run"), { ...grid, run_id }),
        details: someDetails("Run"),
      });
    }
    const listed = async (...parameters: string[]) =>
      (await within(["list", "run", ...parameters])).records.map(({ key }: { key: { run_id: string } }) => key.run_id);
    expect(await listed("collab_3/project")).toEqual(["a_1", "a_2", "b_1", "run"]);
    expect(await listed("collab_3", "--prefix", "a_")).toEqual(["a_1", "a_2"]);
    expect(await listed("--where", "run_id=b_1")).toEqual(["b_1"]);
    const { next_page_token } = await within(["list", "run", "collab_3", "--limit", "3"]);
    expect(await listed("collab_3", "--limit", "3", "--page-token", next_page_token)).toEqual(["run"]);
    expect(await listed("collab_3", "--all")).toEqual(["a_1", "a_2", "b_1", "run"]);
    const table = await run(["list", "run", "collab_3", "--limit", "3"]);
    expect(table.stderr).toContain("3 of 4 records");
  });

  test("draws the hierarchy, with counts, and never fetches what it does not draw", async () => {
    await createGrid(archive.client, ids("4"));
    const before = archive.statements.length;
    const top = await run(["tree", "--depth", "0"]);
    expect(top.stdout).toMatch(
      /─ collaboration collab_4 {2}changed \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}1 Project, 1 Experiment, 1 Run, 1 Registration, 1 Tag, 1 Alignment, 1 Model, 1 Validation, 1 Prediction/,
    );
    const reads = archive.statements
      .slice(before)
      .filter((sql) => sql.includes("FROM `validation`") && !sql.includes("COUNT"));
    expect(reads).toEqual([]);
    const { stdout } = await run(["tree", "collaboration", "collab_4", "--depth", "9"]);
    const drawn = stdout.replace(/ {2}(changed .*)?$/gm, "").trimEnd();
    expect(drawn).toBe(`collaboration collab_4
└─ project project
   ├─ experiment expt
   │  └─ run run
   │     ├─ model
   │     ├─ validation participant_4
   │     └─ prediction participant_4
   └─ registration participant_4
      └─ tag
         └─ alignment`);
    const limited = await run(["tree", "collaboration", "c", "--limit", "0"]);
    expect(limited.stdout).toContain("└─ … 1 more projects");
  });

  test("says what went wrong in one line, with reason and field, and by its exit status", async () => {
    const cases: [string[], number, RegExp, string?][] = [
      [["get", "run", "no/such/run/here"], 4, /^error: RECORD_NOT_FOUND: There is no Run "no\/such\/run\/here"\.\n$/],
      [["create", "run", "no/such/run/here"], 6, /^error: PARENT_NOT_FOUND: .*Collaboration "no".*\n$/, "{}"],
      [
        ["create", "participant", "p"],
        3,
        /^error: INVALID_FIELD: .*RunDetails|ParticipantDetails.*\n$/,
        '{"email": 5}',
      ],
      [
        ["create", "project", "c/ x"],
        3,
        /^error: INVALID_FIELD: key\.project_id must not begin .*details\.incentives is required\n$/,
        "{}",
      ],
      [["create", "collaboration", "c"], 5, /^error: RECORD_EXISTS: .*\n$/, "{}"],
      [["update", "collaboration", "c", "--etag", "old"], 7, /^error: ETAG_MISMATCH: .*\n$/, "{}"],
      [["delete", "collaboration", "c", "--restrict", "--yes"], 6, /^error: HAS_RELATIONS: .*1 Project.*\n$/],
      [["delete", "collaboration", "c"], 12, /nobody is there to confirm it: give --yes\n$/],
      [["get", "thing", "c"], 2, /^error: USAGE: .*Allowed choices are collaboration/],
      [["list", "run", "--limit", "x"], 2, /^error: USAGE: --limit must be a whole number from 1\n$/],
      [["import", "/no/such/file"], 2, /^error: USAGE: .*ENOENT.*\n$/],
      [["get", "run", "a/b/c/d", "--address", "127.0.0.1:1"], 8, /^error: UNAVAILABLE: 127\.0\.0\.1:1: .*\n$/],
      [
        ["export", "--address", "127.0.0.1:1", "--timeout", "300"],
        8,
        /^error: UNAVAILABLE: 127\.0\.0\.1:1 cannot be reached.*\n$/,
      ],
      [["get", "run", "a/b/c/d", "--timeout", "x"], 2, /^error: USAGE: --timeout must be a whole number .*\n$/],
    ];
    const outcomes = await Promise.all(
      cases.map(async ([parameters, status, message, input]) => {
        const ended = await run(parameters, input ?? "");
        return {
          parameters,
          status: ended.status,
          ok: message.test(ended.stderr),
          stderr: ended.stderr,
          expected: status,
        };
      }),
    );
    for (const { expected, ...outcome } of outcomes) expect(outcome).toMatchObject({ status: expected, ok: true });
    for (const { stderr } of outcomes) expect(stderr).not.toContain(escapeCode);
  });

  test("describes the record types and completes commands", async () => {
    const { record_types } = await json(["describe"]);
    expect(record_types).toHaveLength(12);
    expect((await run(["describe"])).stdout).toContain("collab_id/project_id/participant_id");
    const shells = ["bash", "zsh", "fish"].map((shell) => run(["complete", shell]));
    for (const { status, stdout } of await Promise.all(shells)) {
      expect([status, stdout]).toEqual([0, expect.stringContaining("synergos-archive")]);
    }
    const completed = async (...words: string[]) => (await run(["__complete", "--", ...words])).stdout;
    expect(await completed("im")).toContain("import");
    expect(await completed("get", "reg")).toContain("registration");
    expect(await completed("import", "--orph")).toContain("--orphans");
  });

  test("writes no escape codes where it is piped, nor where nobody wants them", async () => {
    const file = join(folder, "tiny.json");
    writeFileSync(file, tinyDbFile(1000).text);
    const commands = [
      ["import", file, "--dry-run"],
      ["tree"],
      ["list", "run"],
      ["get", "collaboration", "c"],
      ["describe"],
      ["get", "run", "a/b/c/d"],
      ["delete", "collaboration", "c"],
      ["export"],
      ["--help"],
    ];
    const piped = { environment: { ...environment, CI: "true" } };
    for (const { stdout, stderr } of await Promise.all(commands.map((command) => runProgram(command, piped)))) {
      expect(stdout + stderr).not.toContain(escapeCode);
    }
    const plain = await runProgram(["tree"], { environment: { ...environment, NO_COLOR: "1" }, terminal: true });
    expect(plain.stdout).not.toContain(escapeCode);
  });

  test("shows progress, colours and questions on a terminal", async () => {
    const file = join(folder, "tiny.json");
    writeFileSync(file, tinyDbFile(3000).text);
    const progress = await onTerminal(["import", file, "--dry-run"]);
    expect(progress.stdout).toMatch(/█+.* of \d+ records/);
    expect(progress.stdout).toContain(`${red}refused: Run `);
    expect((await onTerminal(["tree"])).stdout).toContain(`${escapeCode}[36mcollaboration${escapeCode}[39m c`);
    expect((await onTerminal(["list", "collaboration"])).stdout).toContain(`${escapeCode}[1mKEY${escapeCode}[22m`);
    const failed = await onTerminal(["get", "run", "a/b/c/d"]);
    expect([failed.status, failed.stdout]).toEqual([4, expect.stringContaining(`${red}error: RECORD_NOT_FOUND: `)]);
    await json(["create", "collaboration", "doomed"], "{}");
    await json(["create", "project", "doomed/p"], "incentives: {}");
    const no = await onTerminal(["delete", "collaboration", "doomed"], ["(y/N)", "n\r"]);
    expect([no.status, no.stdout]).toEqual([12, expect.stringMatching(/Project +1\s.*Delete it all/s)]);
    expect((await run(["get", "collaboration", "doomed"])).status).toBe(0);
    const yes = await onTerminal(["delete", "collaboration", "doomed"], ["(y/N)", "y\r"]);
    expect([yes.status, yes.stdout]).toEqual([0, expect.stringContaining("Deleted Collaboration doomed")]);
    expect((await run(["get", "collaboration", "doomed"])).status).toBe(4);
  });
});
