import { promisify } from "node:util";
import { createConnection as createRawConnection } from "mysql2";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { maxScopes } from "../src/access/rights.js";
import { CallContext } from "../src/call-context.js";
import { type RecordType, recordType, recordTypes } from "../src/records/record-type.js";
import { listChangesSql, readChangesSql } from "../src/storage/change-log-sql.js";
import type { Dialect } from "../src/storage/engine.js";
import * as lists from "../src/storage/list-sql.js";
import { prepareSession } from "../src/storage/mysql-session.js";
import type { Query } from "../src/storage/query.js";
import * as reads from "../src/storage/read-sql.js";
import { maxInserted } from "../src/storage/store.js";
import * as writes from "../src/storage/write-sql.js";
import { openEngine, startArchive, type TestArchive } from "./support/archive.js";
import { createGrid, ids, keyOf } from "./support/records.js";

const time = "2026-01-01 00:00:00.000000";

const everyChange = {
  sight: undefined,
  kinds: [],
  principal: undefined,
  from: undefined,
  to: undefined,
  newestFirst: true,
  after: undefined,
};

/** Every subset of some values. */
const subsets = <Value>(values: readonly Value[]): Value[][] =>
  Array.from({ length: 2 ** values.length }, (_, bits) => values.filter((_value, index) => bits & (2 ** index)));

describe.each(inject("engines"))("indexes on $name", (engine) => {
  let archive: TestArchive;
  let dialect: Dialect;
  const grid = ids("5");
  beforeAll(async () => {
    archive = await startArchive(engine);
    const storage = await openEngine(archive.database.url);
    dialect = storage.dialect;
    await storage.close();
    const statements = archive.store.statements(new CallContext());
    for (const type of recordTypes) {
      // Few of many rows match an id: an optimizer rightly reads a small table from one end to the other.
      const places = type.key.includes("participant_id") && type.key.length > 1 ? 25 : 1;
      const keys = Array.from({ length: 2 * maxInserted }, (_, index) => ({
        ...Object.fromEntries(type.key.map((field) => [field, `${field}_${Math.floor(index / places)}`])),
        ...(places > 1 ? { participant_id: `participant_id_${index % places}` } : {}),
      }));
      const row = (key: Record<string, string>, index: number) => {
        const link = type.link && `${type.name}_${index}`;
        const written = { createdAt: time, updatedAt: time, createdBy: "", updatedBy: "" };
        return { type, key, link, details: "{}", ...written, etag: `${index}` };
      };
      const rows = keys.map(row);
      await statements.insertMany(type, rows.slice(0, maxInserted));
      await statements.insertMany(type, rows.slice(maxInserted));
      if (engine.url) await archive.database.sql(`ANALYZE TABLE \`${type.field}\``);
    }
    while (await archive.store.changes.number(new CallContext()));
    if (engine.url) await archive.database.sql("ANALYZE TABLE archive_change");
  });
  afterAll(() => archive?.close());

  /** Which tables a statement reads from one end to the other, and whether it sorts. */
  async function plan({ sql: text, bindings }: Query) {
    const explain = engine.url ? "EXPLAIN FORMAT=TRADITIONAL" : "EXPLAIN QUERY PLAN";
    const rows = await archive.database.sql(`${explain} ${text}`, [...bindings]);
    const scanned = engine.url
      ? rows.filter(({ type, table }) => /^(ALL|index)$/.test(String(type)) && !/^(<.*|[np])$/.test(String(table)))
      : rows.filter(({ detail }) => /^SCAN (?!CONSTANT|[np]\b|page\b|one\b|\(?subquery)/.test(String(detail)));
    return {
      scanned,
      sorts: /filesort|TEMP B-TREE FOR (LAST TERM OF |RIGHT PART OF )?ORDER BY/i.test(JSON.stringify(rows)),
    };
  }

  const keys = (type: RecordType) =>
    keyOf(type, Object.fromEntries(recordTypes.flatMap(({ key }) => key).map((field) => [field, `${field}_5`])));

  test.each(recordTypes.map((type) => [type.name, type] as const))(
    "serve every statement about a %s and its relations",
    async (_, type) => {
      const key = keys(type);
      const [query, page] = [
        { equal: key, prefix: "" },
        { size: 10, after: undefined },
      ];
      const ownKey = type.key.map((field) => key[field] as string);
      const two = [key, { ...key, [type.key[0] as string]: "other" }];
      const { sql: ofRows, bindings } = writes.fromRowsSql(type, two, ["e", "f"], dialect);
      const statements: Query[] = [
        reads.readSql(type, key),
        // SQLite reads and changes records one by one.
        ...(engine.url ? [false, true] : []).map((isHead) => reads.readGroupSql(type, two, isHead, dialect)),
        ...(engine.url
          ? [
              { sql: `SELECT COUNT(*) ${ofRows} FOR UPDATE NOWAIT`, bindings },
              ...(engine.name.startsWith("MySQL") ? dialect.deleteTogether(type, two, []) : []),
            ]
          : []),
        reads.lockSql(type, key, dialect),
        reads.treeSql(type, key, type.relations),
        lists.listTreesSql(type, query, page, type.relations, dialect),
        reads.ownLinksSql(type, [key], dialect),
        { sql: writes.replaceSql(type), bindings: ["{}", time, time, "e", "", ...ownKey, "e"] },
        { sql: writes.deleteOneSql(type), bindings: [...ownKey, "e"] },
        listChangesSql({ ...everyChange, key, types: [type, ...type.relations] }, 10, dialect),
        ...(type.relations.length > 0 ? [reads.countTreeSql(type, key), reads.readCountedSql(type, key)] : []),
        ...(type.ancestors.length > 0 ? [reads.missingAncestorsSql(type, key)] : []),
        ...type.relations.flatMap((relation) => [
          reads.lockRelationSql(relation, type, key, dialect),
          writes.deleteSql(relation, type, key, dialect),
          lists.countSql(relation, query),
          lists.listSql(relation, query, page, dialect),
        ]),
      ];
      for (const statement of statements) {
        expect([statement.sql, (await plan(statement)).scanned]).toEqual([statement.sql, []]);
      }
    },
  );

  test.runIf(engine.url)("give the changes after a revision without those that follow", async () => {
    const connection = await createConnection(archive.database.url);
    try {
      const rowsRead = async () => {
        const [rows] = await connection.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Handler_read%'");
        return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
      };
      const before = await rowsRead();
      const { sql: text, bindings } = readChangesSql(5, 10);
      const [rows] = await connection.query<RowDataPacket[]>(text, [...bindings]);
      expect(rows.map(({ revision }) => Number(revision))).toEqual(Array.from({ length: 10 }, (_, index) => 5 + index));
      expect((await rowsRead()) - before).toBeLessThan(maxInserted);
    } finally {
      await connection.end();
    }
  });

  test.each(recordTypes.map((type) => [type.name, type] as const))(
    "give pages of %s in the order of keys, whatever the filter",
    async (_, type) => {
      const key = keys(type);
      for (const fields of subsets(type.key)) {
        const equal = Object.fromEntries(fields.map((field) => [field, key[field] as string]));
        const isWhole = fields.length === type.key.length;
        // A server weighs what it knows of the values: it takes the index of the participants to find the few whose id
        // begins so, and sorts those.
        const weighs = engine.url && type.key.length > 1 && type.key.includes("participant_id");
        for (const prefix of isWhole || weighs ? [""] : ["", "part", "r"]) {
          for (const after of isWhole ? [undefined] : [undefined, key]) {
            const page = { size: 10, after };
            const statements = [
              lists.listSql(type, { equal, prefix }, page, dialect),
              lists.listTreesSql(type, { equal, prefix }, page, [], dialect),
            ];
            for (const statement of statements)
              expect([statement.sql, (await plan(statement)).sorts]).toEqual([statement.sql, false]);
          }
        }
      }
    },
  );

  test.runIf(engine.url)("give a page under as many scopes as there may be by ranges of the key", async () => {
    const connection = createRawConnection(archive.database.url);
    const run = async (sql: string, values: readonly unknown[] = []) =>
      (await connection.promise().query<RowDataPacket[]>(sql, [...values]))[0];
    try {
      await promisify(prepareSession)("records", connection);
      const [session] = await run("SELECT @@eq_range_index_dive_limit AS lookedUp");
      expect(Number(session?.lookedUp) < maxScopes).toBe(engine.name.startsWith("MariaDB"));
      for (const type of recordTypes) {
        const [field = ""] = type.key;
        // Of few of the rows: with most of them, as its figures of the table happen to be, an optimizer may read all.
        const scope = Array.from({ length: maxScopes }, (_, index) => ({ [field]: `${field}_${10 * index}` }));
        const page = { size: 10, after: undefined };
        const { sql, bindings } = lists.listSql(type, { equal: {}, prefix: "", scope }, page, dialect);
        const [plan] = await run(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, bindings);
        expect([sql, plan]).toEqual([sql, expect.objectContaining({ type: "range", key: "PRIMARY" })]);
      }
    } finally {
      connection.destroy();
    }
  });

  test.runIf(engine.url)("let a participant be deleted while tag and alignment of another are changed", async () => {
    await createGrid(archive.client, grid);
    const other = { ...grid, participant_id: "other" };
    await createGrid(
      archive.client,
      other,
      (["Participant", "Registration", "Tag", "Alignment"] as const).map(recordType),
    );
    const connection = await createConnection(archive.database.url);
    try {
      await connection.query("BEGIN");
      await connection.query("UPDATE tag SET etag = 'x' WHERE participant_id = ?", [grid.participant_id]);
      await connection.query("UPDATE alignment SET etag = 'x' WHERE participant_id = ?", [grid.participant_id]);
      const { deleted } = await archive.client.delete("Participant", { participant_id: "other" });
      expect(deleted).toHaveLength(4);
      await connection.query("ROLLBACK");
    } finally {
      await connection.end();
    }
  });
});

describe.each(inject("engines").filter(({ url }) => url))("with few records on $name", (engine) => {
  test("a participant can be deleted while a tag of another is changed", async () => {
    const archive = await startArchive(engine);
    const connection = await createConnection(archive.database.url);
    try {
      for (const mark of ["1", "2"]) await createGrid(archive.client, ids(mark));
      await connection.query("BEGIN");
      await connection.query("UPDATE tag SET etag = 'x' WHERE participant_id = ?", [ids("1").participant_id]);
      await archive.client.delete("Participant", { participant_id: ids("2").participant_id as string });
      await connection.query("ROLLBACK");
    } finally {
      await connection.end();
      await archive.close();
    }
  });
});
