import { createConnection, type RowDataPacket } from "mysql2/promise";
import { describe, expect, inject, test } from "vitest";
import { recordType } from "../src/records/record-type.js";
import { transactionSql } from "../src/storage/change-sql.js";
import { deleteOneSql, fromRowSql } from "../src/storage/write-sql.js";
import { mainStatement } from "../src/telemetry/main-statement.js";
import { startArchive } from "./support/archive.js";
import { until } from "./support/wait.js";

test("what a text of several statements is about is found, whatever its values are", () => {
  const type = recordType("Collaboration");
  const write = { sql: deleteOneSql(type), bindings: ["a", "etag"] };
  const plain = mainStatement(transactionSql([write], ["[]"], fromRowSql(type, { collab_id: "a" }, "etag"))?.sql ?? "");
  expect(plain).toMatch(/^DELETE FROM `collaboration`/);
  expect(mainStatement("START TRANSACTION; SELECT 1; SELECT 2")).toBe("SELECT 1; SELECT 2");
  for (const id of ["; SECRET FROM `secret`", "' FOR UPDATE; SECRET", "\\'; SECRET", "?; SECRET"]) {
    const odd = { ...write, bindings: [id, "etag"] };
    const text = transactionSql([odd], [JSON.stringify([id])], fromRowSql(type, { collab_id: id }, "etag"))?.sql ?? "";
    expect(mainStatement(text)).toMatch(/^DELETE FROM `collaboration`/);
    expect(text.split("; ")).toHaveLength(4);
  }
});

/** A write whose client is killed while it waits: the server goes on with its text, and nobody takes its answers. */
describe.each(inject("engines").filter(({ url }) => url))(
  "a write of one text on $name, whose client has gone",
  (engine) => {
    test.each([
      ["changes what is still as it was, and is noted", false],
      ["changes nothing that is different now, and is not noted", true],
    ])("%s", async (_, isChanged) => {
      const archive = await startArchive(engine);
      const url = new URL(archive.database.url);
      const connect = () => createConnection({ uri: url.href, multipleStatements: true });
      const [other, gone] = [await connect(), await connect()];
      try {
        const key = { collab_id: "c" };
        const { etag } = (await archive.client.create("Collaboration", { key, details: undefined })) as {
          etag: string;
        };
        await other.query("DELETE FROM archive_pending");
        await other.query("START TRANSACTION");
        await other.query(`UPDATE collaboration SET etag = ?, details = '{}'`, [isChanged ? "another" : etag]);
        const type = recordType("Collaboration");
        const write = { sql: deleteOneSql(type), bindings: ["c", etag] };
        const { sql = "" } = transactionSql([write], ["[]"], fromRowSql(type, key, etag)) ?? {};
        const id = gone.threadId;
        gone.query(sql).catch(() => undefined);
        const processes = async () => {
          const [rows] = await other.query<RowDataPacket[]>(
            "SELECT info FROM information_schema.processlist WHERE id = ?",
            [id],
          );
          return rows;
        };
        await until("it waits", async () =>
          String((await processes())[0]?.info ?? (await processes())[0]?.INFO).includes("FOR UPDATE"),
        );
        // As the system does with the connections of a process that is killed.
        (
          gone as unknown as { connection: { stream: { resetAndDestroy(): void } } }
        ).connection.stream.resetAndDestroy();
        await other.query("COMMIT");
        await until("it has ended", async () => (await processes()).length === 0);
        const [notes] = await other.query<RowDataPacket[]>("SELECT size FROM archive_pending");
        const [records] = await other.query<RowDataPacket[]>("SELECT etag FROM collaboration");
        expect([notes.length, records.length]).toEqual(isChanged ? [0, 1] : [1, 0]);
      } finally {
        await other.end();
        await archive.close();
      }
    });
  },
);
