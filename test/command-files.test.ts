import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { startArchive, type TestArchive } from "./support/archive.js";
import { type Ended, runShell, runWithin } from "./support/command.js";
import { createGrid, ids } from "./support/records.js";

const [engine] = inject("engines");

describe("files that commands read and write", () => {
  let archive: TestArchive;
  let folder: string;
  let whole: string;
  let environment: Record<string, string>;
  const shell = (script: string, more: Record<string, string> = {}) => runShell(script, { ...environment, ...more });
  const done = async (script: string, more: Record<string, string> = {}): Promise<string> => {
    const { status, stdout, stderr } = await shell(script, more);
    expect([script, stderr, status]).toEqual([script, "", 0]);
    return stdout;
  };
  beforeAll(async () => {
    if (!engine) throw new Error("no engine");
    archive = await startArchive(engine);
    await createGrid(archive.client, ids("1"));
  });
  afterAll(() => archive?.close());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "archive test "));
    mkdirSync(join(folder, "tmp"));
    environment = { ARCHIVE_ADDRESS: archive.address, FOLDER: folder, TMPDIR: join(folder, "tmp") };
    whole ??= await done("cli export");
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);
  const read = (name: string) => readFileSync(at(name), "utf8");

  test("an export goes through links, pipes and devices, and replaces only regular files", async () => {
    expect(whole.split("\n")).toHaveLength(14);
    writeFileSync(at("real"), "old", { mode: 0o600 });
    symlinkSync("real", at("link"));
    symlinkSync("absent", at("dangling"));
    await done('cd "$FOLDER" && for name in link dangling new; do cli export --file $name; done');
    for (const name of ["real", "absent", "new"]) expect(read(name)).toBe(whole);
    expect(statSync(at("real")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(["absent", "dangling", "link", "new", "real", "tmp"]);
    await done('cli export --file "$FOLDER/link"');
    expect([read("real"), statSync(at("real")).mode & 0o777]).toEqual([whole, 0o600]);

    expect(await done('mkfifo "$FOLDER/pipe"; cat "$FOLDER/pipe" & cli export --file "$FOLDER/pipe"; wait')).toBe(
      whole,
    );
    expect(statSync(at("pipe")).isFIFO()).toBe(true);
    expect(await done("cli export --file >(cat); wait $!")).toBe(whole);
    for (const name of ["-", "/dev/stdout"]) expect(await done(`cli export --file ${name} | cat`)).toBe(whole);
    await done("cli export --file /dev/null");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("a line of an export keeps what it says, or is refused by its place and path", async () => {
    const lines = (...details: string[]) =>
      details.map((each, index) => `{"participant":{"key":{"participant_id":"exact-${index}"},"details":${each}}}`);
    const refused: [details: string, message: string][] = [
      ['{"attributes":{"a":9007199254740993}}', "details.attributes.a is 9007199254740993, which no double is"],
      ['{"attributes":{"a":[{"b":-123456789012345678}]}}', "details.attributes.a[0].b is -123456789012345678, which"],
      ['{"attributes": { "a": 9007199254740993 }}', "details.attributes.a is 9007199254740993, which no double is"],
      ['{"attributes":{"a":1,"a":1}}', 'an object has the name "a" twice'],
      ['{"summary":"a","summary":"b"}', 'an object has the name "summary" twice'],
      ['{"summary":"a","s\\u0075mmary":"b"}', 'an object has the name "summary" twice'],
      ['{"attributes":{"a":1e400}}', "1e400 is beyond the numbers that can be kept"],
      ['{"attributes":{"a":1e-400}}', "1e-400 is beyond the numbers that can be kept"],
      ['{"attributes":{"a":"\\ud800"}}', "a text holds an escape that stands for no character"],
      ['{"summary":9007199254740993}', "summary"],
    ];
    const taken = [
      '{"attributes": {"a": 9007199254740992, "e": 123456789012345680000, "b": -0.0, "c": 1e3, "d": "a  b\\u00a0", "2": 1, "1": 2}}',
    ];
    const text = ['{"synergos_archive_export":1}', ...lines(...refused.map(([details]) => details), ...taken)];
    writeFileSync(at("lines"), text.join("\n"));
    const ended = await shell('cli import "$FOLDER/lines" --report "$FOLDER/report"');
    expect(ended).toMatchObject({
      status: 11,
      stderr: expect.stringContaining("exact-0, line 2, INVALID_FIELD: details."),
    });
    const report = JSON.parse(read("report"));
    const found = report.refused.map(({ line, message }: { line: number; message: string }) => ({ line, message }));
    expect(found).toEqual(
      refused.map(([, message], index) => ({ line: index + 2, message: expect.stringContaining(message) })),
    );
    const { attributes } = JSON.parse(await done(`cli get participant exact-${refused.length} -o json`)).details;
    expect(Object.entries(attributes).sort()).toEqual(
      Object.entries({ "1": 2, "2": 1, a: 2 ** 53, b: -0, c: 1000, d: "a  b\u00a0", e: 123456789012345680000 }),
    );
    await done(`cli delete participant exact-${refused.length} --yes`);
  });

  test("what cannot be written is named before anything is done, and leaves nothing", async () => {
    writeFileSync(at("file.json"), '{"_default": {}, "Participant": {"1": {"key": {"participant_id": "late"}}}}');
    mkdirSync(at("dir"));
    const cases = [
      'cli export --file "$FOLDER/no/file"',
      'cli export --file "$FOLDER/dir"',
      'cli export --file "$FOLDER/file.json/below"',
      "cli export --file /dev/full",
      'cli import "$FOLDER/file.json" --report "$FOLDER/no/report"',
    ];
    for (const line of cases) {
      const { status, stderr } = await shell(line);
      expect([line, status, stderr]).toEqual([
        line,
        2,
        expect.stringMatching(/^error: USAGE: .*cannot be written.*\n$/),
      ]);
    }
    expect(readdirSync(folder).sort()).toEqual(["dir", "file.json", "tmp"]);
    expect((await shell("cli get participant late")).status).toBe(4);
    const failed = await shell('cli export run no/such/run/here --file "$FOLDER/file.json"');
    expect([failed.status, read("file.json").slice(0, 2)]).toEqual([4, '{"']);
    expect(readdirSync(folder).sort()).toEqual(["dir", "file.json", "tmp"]);
  });

  test("need no temporary folder, and can be pipes", async () => {
    const nowhere = { TMPDIR: "/no/such/folder" };
    expect(await done("cli export", nowhere)).toBe(whole);
    writeFileSync(at("whole"), whole);
    const lines = [
      'cli import - < "$FOLDER/whole"',
      'cat "$FOLDER/whole" | cli import - --strict',
      'cat "$FOLDER/whole" | cli import /dev/stdin',
      'cli import <(cat "$FOLDER/whole")',
    ];
    for (const line of lines) {
      const { status, stdout } = await shell(line, nowhere);
      expect([line, status, stdout]).toEqual([line, 0, expect.stringMatching(/Run +0 +0 +1 /)]);
    }
  });

  test("are text in UTF-8, or what they are is named", async () => {
    const cases: [Buffer, RegExp][] = [
      [gzipSync(whole), /compressed by gzip, not text in UTF-8: give what `gunzip -c`/],
      [Buffer.from(`\uFEFF${whole}`, "utf16le"), /is UTF-16, not text in UTF-8/],
      [Buffer.from(whole, "utf16le"), /is UTF-16 or no text/],
      [Buffer.from('{"Participant": {\n"1": "\xe9"}}', "latin1"), /is not UTF-8 at line 2/],
      [Buffer.from(whole.replace("participant_1", "\xe9"), "latin1"), /is not UTF-8 at line \d+/],
      [Buffer.from("SQLite format 3\0"), /is an SQLite database/],
      [Buffer.from(""), /is empty/],
      [Buffer.from("key,value"), /is neither a TinyDB file/],
    ];
    for (const [bytes, message] of cases) {
      writeFileSync(at("input"), bytes);
      const ending = runWithin("import", at("input"), "--address", archive.address);
      await expect(ending).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
    }
    const piped = await shell('cat "$FOLDER/input" | cli import -');
    expect([piped.status, piped.stderr]).toEqual([2, expect.stringContaining("- is neither")]);
    writeFileSync(at("marked"), `\uFEFF${whole}`);
    expect(await runWithin("import", at("marked"), "--address", archive.address)).toMatchObject({ status: 0 });
  });

  /** A server that takes connections, answers their settings and pings, and says nothing else; or nothing at all. */
  const stalled = async () => {
    const sockets: Socket[] = [];
    // SETTINGS and its acknowledgement, as HTTP/2 begins.
    const greeting = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]);
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined).resume();
      socket.write(greeting);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (!address || typeof address === "string") throw new Error("no port");
    return {
      address: `127.0.0.1:${address.port}`,
      sockets,
      close: () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    };
  };

  test("an export and an import end where the server says nothing any more", async () => {
    const server = await stalled();
    writeFileSync(at("whole"), whole);
    try {
      const silent = ["cli export", 'cli import "$FOLDER/whole"', "cli get participant p", "cli health"];
      const endings: Ended[] = await Promise.all(
        silent.map((line) => shell(`${line} --timeout 1500`, { ARCHIVE_ADDRESS: server.address })),
      );
      expect(endings.map(({ status }) => status)).toEqual([9, 9, 9, 1]);
      expect(endings[0]?.stderr).toMatch(/was silent for 1500 ms; --timeout says/);
    } finally {
      server.close();
    }
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s leaves nothing of an export", async (signal) => {
    const server = await stalled();
    try {
      const child = spawn(process.execPath, ["dist/src/main.js", "export", "--file", at("export")], {
        env: { PATH: process.env.PATH, ...environment, ARCHIVE_ADDRESS: server.address },
        stdio: "ignore",
      });
      const ended = once(child, "exit");
      const isWriting = () => readdirSync(folder).some((name) => name.endsWith(".part"));
      await vi.waitUntil(isWriting, { timeout: 30_000, interval: 10 });
      child.kill(signal);
      expect(await ended).toEqual([null, signal]);
      expect([readdirSync(folder), readdirSync(at("tmp"))]).toEqual([["tmp"], []]);
    } finally {
      server.close();
    }
  });
});
