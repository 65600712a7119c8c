import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import type { ImportReport } from "../src/cli/import-report.js";
import { JsonParser } from "../src/cli/parse-json.js";
import { messageShape } from "../src/records/message-shape.js";
import { type Payload, type PayloadValue, toPayload } from "../src/records/payload.js";
import { type RecordName, recordType, recordTypes } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { runWithin } from "./support/command.js";
import { countTables } from "./support/database.js";
import { type Key, View, withoutKey } from "./support/records.js";
import { pythonJson, tinyDbFile } from "./support/tinydb.js";

/** Files to bring along: a generated one, and any that is given. */
const generated = tinyDbFile(1000);
const given = process.env.ARCHIVE_TEST_TINYDB;
const files: [string, string, Readonly<Record<string, string>>][] = [
  ["a generated file", generated.text, generated.refused],
  ...(given ? [[given, readFileSync(given, "utf8"), {}] as [string, string, Record<string, string>]] : []),
];

type Document = Payload & { created_at: string; key: Record<string, string>; link?: Record<string, string> };

const documentsOf = (text: string): [string, RecordName, Document][] =>
  Object.entries(new JsonParser(text).whole() as Payload).flatMap(([table, documents]) =>
    Object.entries(documents as Payload).map(
      ([number, document]) => [`${table} ${number}`, table as RecordName, document as Document] as const,
    ),
  ) as [string, RecordName, Document][];

/** TinyDB's times as the archive keeps them. */
const time = (text: string) =>
  text.replace(/^\{TinyDate\}:(\S+) (\S+) [NA]$/, "$1T$2Z").replace(/^\{TinyDelta\}:1\.3600$/, "90000s");
const plain = (value: PayloadValue): unknown => {
  if (typeof value === "string") return time(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
};

describe.each(inject("engines"))("the predecessor's file on $name", (engine) => {
  let archive: TestArchive;
  let folder: string;
  beforeEach(async () => {
    archive = await startArchive(engine);
    folder = mkdtempSync(join(tmpdir(), "archive-test-"));
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await archive?.close();
  });

  const imported = async (text: string, ...parameters: string[]) => {
    const [file, report] = [join(folder, "file.json"), join(folder, "report.json")];
    writeFileSync(file, text);
    const { status } = await runWithin("import", file, "--report", report, "--address", archive.address, ...parameters);
    return { status, ...(JSON.parse(readFileSync(report, "utf8")) as ImportReport) };
  };
  const refusals = ({ refused }: ImportReport) =>
    Object.fromEntries(refused.map(({ document, reason }) => [document, reason]));

  test.each(files)("%s comes whole, with its history, and again changes nothing", async (_, text, refused) => {
    const first = await imported(text);
    expect([refusals(first), first.status]).toEqual([refused, Object.keys(refused).length > 0 ? 11 : 0]);
    const records = new Map<string, { details: object; created_at: unknown; updated_at: unknown; link: unknown }>();
    const nameOf = (name: string, key: Key) =>
      JSON.stringify([name, ...recordType(name as RecordName).key.map((field) => key[field])]);
    for await (const batch of archive.client.stream()) {
      for (const { record } of batch.records) {
        const value = record?.value as never as {
          key: Key;
          details: object;
          created_at: unknown;
          updated_at: unknown;
          link: unknown;
        };
        const type = recordTypes.find(({ field }) => field === record?.$case);
        records.set(nameOf(type?.name ?? "", value.key), value);
      }
    }
    const documents = documentsOf(text).filter(([name]) => !refused[name]);
    expect(records.size).toBe(documents.length);
    for (const [, table, { created_at, key, link, ...payload }] of documents) {
      const record = records.get(nameOf(table, key));
      const details = record?.details as Record<string, unknown>;
      const counted = table === "Registration" && payload.n_count === undefined;
      expect(plain(toPayload(messageShape(`${table}Details`), details))).toEqual({
        ...(plain(withoutKey(recordType(table), payload)) as object),
        ...(counted ? { n_count: BigInt(Object.keys(payload).filter((name) => name.startsWith("node_")).length) } : {}),
        ...(payload.start_at
          ? {
              start_at: time(payload.start_at as string)
                .replace("T", " ")
                .replace("Z", ""),
            }
          : {}),
      });
      const seconds = BigInt(Date.parse(time(created_at)) / 1000);
      expect(record).toMatchObject({ created_at: { seconds }, updated_at: { seconds }, ...(link ? { link } : {}) });
    }
    const again = await imported(text);
    expect(refusals(again)).toEqual(refused);
    const created = Object.values(again.counts).map(({ created, replaced }) => created + replaced);
    expect(Math.max(...created)).toBe(0);
  });

  test("is tried by a dry run, and not begun by a strict import", async () => {
    const tried = await imported(generated.text, "--dry-run");
    const strict = await imported(generated.text, "--strict");
    expect(await countTables(archive.database)).toEqual({});
    for (const report of [tried, strict]) {
      expect(report).toMatchObject({ written: false, status: 11 });
      expect(refusals(report)).toEqual(generated.refused);
    }
    const { counts } = await imported(generated.text);
    expect(tried.counts).toEqual(counts);
  });

  test("has its orphans adopted, if asked to", async () => {
    const date = "{TinyDate}:2021-03-18 16:33:41 N";
    const key = { collab_id: "c", project_id: "p", participant_id: "w" };
    const link = { registration_id: "r", tag_id: "t", alignment_id: "a" };
    const orphans = pythonJson({
      Alignment: { 1: { created_at: date, key, link, train: { X: [], y: [] } } },
      Run: { 1: { created_at: date, key: { collab_id: "c", project_id: "p", expt_id: "e", run_id: "r" }, epochs: 1n } },
      Model: {
        1: { created_at: date, key: { collab_id: "c", project_id: "p", expt_id: "e", run_id: "r" }, global: {} },
      },
    });
    const refused = await imported(orphans);
    expect(refusals(refused)).toEqual({
      "Alignment 1": "PARENT_NOT_FOUND",
      "Run 1": "PARENT_NOT_FOUND",
      "Model 1": "PARENT_NOT_FOUND",
    });
    const parents = [
      { type: "collaboration", key: "c" },
      { type: "project", key: "c/p" },
      { type: "experiment", key: "c/p/e" },
      { type: "participant", key: "w" },
      { type: "registration", key: "c/p/w" },
      { type: "tag", key: "c/p/w" },
    ];
    const byName = (adopted: readonly object[]) => adopted.map((each) => JSON.stringify(each)).sort();
    const tried = await imported(orphans, "--orphans", "adopt", "--dry-run");
    expect(await countTables(archive.database)).toEqual({});
    const adopted = await imported(orphans, "--orphans", "adopt");
    for (const report of [tried, adopted]) {
      expect([report.refused, report.status, byName(report.adopted)]).toEqual([[], 0, byName(parents)]);
    }
    expect(adopted.counts).toEqual(tried.counts);
    expect(await archive.client.get("Alignment", key, { view: View.VIEW_FULL })).toMatchObject({
      link,
      created_at: { seconds: 1616085221n },
      ancestors: { registration: { link: { registration_id: "r" }, created_at: { seconds: 1616085221n } } },
    });
    expect((await imported(orphans, "--orphans", "adopt")).adopted).toEqual([]);
  });

  test("has what is broken in it named, and the rest brought along", async () => {
    const text = `{
  "_default": {},
  "Wishes": {"1": {}, "2": {}},
  "Collaboration": {
    "1": {"key": {"collab_id": "c"}, "created_at": "{TinyDate}:2021-03-18 16:33:41 A"},
    "2": {"key": {"collab_id": "d"}, "answer": 4 2},
    "3": {"key": {"collab_id": "e"}, "created_at": "yesterday"},
    "4": {"key": {"collab_id": 4, "x": "y"}},
    "5": {"key": {"collab_id": "f"}, "mq": {"ports": {"main": "x"}}},
    "6": []
  },
  "Participant": {
    "1": {"key": {"participant_id": "w"}, "id": "v"},
    "2": {"id": "w"}
  },
  "MLFlow": {"1": {"collaboration": "c", "project": "p", "record": "r", "name": "n", "mlflow_type": "run", "extra": 1}},
  "Project": {
    "1": {"key": {"collab_id": "c", "project_id": "p"}, "incentives": {}},
    "2": {"key": {"collab_id": "c", "project_id": "q`;
    const { refused, status } = await imported(text);
    expect(status).toBe(11);
    expect(
      refused.map(
        ({ document, line, column, reason, message }) => `${document} ${line}:${column} ${reason} ${message}`,
      ),
    ).toEqual([
      "table Project 19:51 INVALID_JSON a text has no end",
      "table Wishes 3:19 UNKNOWN_TABLE Wishes is no table that the archive knows: 2 documents are left out",
      'Collaboration 2 6:50 INVALID_JSON } is missing before "2"',
      'Collaboration 3 7:10 INVALID_FIELD created_at must be a time: "YYYY-MM-DD HH:MM:SS"',
      "Collaboration 4 8:10 INVALID_FIELD key.collab_id must be text; key.x is none of collab_id; key.collab_id is required",
      "Collaboration 5 9:10 INVALID_FIELD details.mq.ports.main must be an integer",
      "Collaboration 6 10:10 INVALID_FIELD document must be an object; key.collab_id is required",
      "Project 2 19:51 INVALID_JSON a text has no end",
      "Participant 1 13:10 INVALID_FIELD id must be the key's participant_id",
      "MLFlow 1 16:19 INVALID_FIELD details.extra is no field of MLFlowDetails, which has no others",
    ]);
    expect(await countTables(archive.database)).toEqual({ Collaboration: 1, Project: 1, Participant: 1 });
  });
});
