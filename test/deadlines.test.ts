import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { WriteOperation } from "../generated/ts/synergos/archive/v1/archive_service.js";
import { archiveRecord } from "../src/archive/record-message.js";
import { type RecordName, recordType } from "../src/records/record-type.js";
import { unsaid } from "../src/records/unsaid.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { errorOf } from "./support/client.js";
import { countTables } from "./support/database.js";
import { createGrid, ids, type Key, keyOf, someDetails, View } from "./support/records.js";

const servers = inject("engines").filter(({ url }) => url);

/** InnoDB tells anew what its transactions do only when nobody has asked for 100 ms. */
const refreshed = () => new Promise((resolve) => setTimeout(resolve, 120));

describe.each(servers)("a call on $name", (engine) => {
  let archive: TestArchive;
  let other: Connection;
  const grid = ids("1");
  const project = keyOf(recordType("Project"), grid);

  beforeAll(async () => {
    archive = await startArchive(engine, { poolSize: 2, acquireTimeout: 500 });
    await createGrid(archive.client, grid);
    other = await createConnection({ uri: archive.database.url });
  });
  afterAll(async () => {
    await other?.end();
    await archive?.close();
  });

  /** Holds a lock on a run as another program could, for as long as some work takes. */
  const whileRunIsLocked = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await other.query("START TRANSACTION");
    await other.query("SELECT * FROM run FOR UPDATE");
    try {
      return await work();
    } finally {
      await other.query("ROLLBACK");
    }
  };

  /** The transactions that wait for a lock. */
  const locks = () =>
    archive.database.sql("SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'");

  /** Waits until there are rows. */
  const eventually = async (rows: () => ReturnType<typeof archive.database.sql>) => {
    for (;;) {
      const found = await rows();
      if (found.length > 0) return found;
      await refreshed();
    }
  };

  /** Waits until no transaction of the server's is open. */
  const allRolledBack = async () => {
    for (let tries = 0; tries < 500; tries++) {
      const [row] = await archive.database.sql(
        "SELECT COUNT(*) AS count FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()",
      );
      if (Number(row?.count) === 0) return;
      await refreshed();
    }
    throw new Error("a transaction is still open");
  };

  test("ends at its deadline, and its transaction is rolled back", async () => {
    const before = await countTables(archive.database);
    await whileRunIsLocked(async () => {
      const error = await errorOf(archive.client.delete("Project", project, {}, { deadline: 300 }));
      expect(error.code).toBe("DEADLINE_EXCEEDED");
    });
    await allRolledBack();
    expect(await countTables(archive.database)).toEqual(before);
    await archive.client.get("Project", project);
  });

  test("ends when it is cancelled, and its transaction is rolled back", async () => {
    const before = await countTables(archive.database);
    await whileRunIsLocked(async () => {
      const cancelled = new AbortController();
      const call = errorOf(archive.client.delete("Project", project, {}, { signal: cancelled.signal }));
      // Until the delete waits for the lock.
      await eventually(locks);
      cancelled.abort();
      expect((await call).code).toBe("CANCELLED");
    });
    await allRolledBack();
    expect(await countTables(archive.database)).toEqual(before);
    const line = archive.log.find(({ code }) => code === "CANCELLED");
    expect(line).toMatchObject({ message: "ProjectService/DeleteProject" });
  });

  test("is UNAVAILABLE where no other write has come to its end in time, while reads go on, and so does it afterwards", async () => {
    await whileRunIsLocked(async () => {
      const cancelled = new AbortController();
      const waiting = [1, 2].map(() =>
        errorOf(archive.client.delete("Project", project, {}, { signal: cancelled.signal })),
      );
      // Whichever of the two comes first waits for the lock, and the other for its turn.
      expect(await Promise.race(waiting)).toMatchObject({ code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
      await Promise.all(
        Array.from({ length: 20 }, () => archive.client.get("Project", project, { view: View.VIEW_BASIC })),
      );
      await archive.store.check();
      cancelled.abort();
      await Promise.all(waiting);
    });
    await archive.client.get("Project", project);
  });

  test("whose lock is not to be had ends as a conflict after ten seconds or so, and can be made again", async () => {
    const key = keyOf(recordType("Model"), ids("1"));
    await archive.client.delete("Model", key);
    await whileRunIsLocked(async () => {
      archive.statements.length = 0;
      const details = someDetails("Model");
      expect(await errorOf(archive.client.create("Model", { key, details }))).toMatchObject({ reason: "CONFLICT" });
      // Each waits five seconds for the lock.
      expect(archive.statements.filter((sql) => sql.startsWith("INSERT")).length).toBeLessThanOrEqual(3);
      // A read of something else has its connection meanwhile.
      await archive.client.get("Project", project);
    });
    await archive.client.create("Model", { key, details: someDetails("Model") });
  }, 20_000);

  describe("that writes a batch", () => {
    const run = keyOf(recordType("Run"), grid);
    const replaced = (type: RecordName, key: Key): WriteOperation => {
      const message = { key, details: someDetails(type), ...unsaid };
      const value = { record: archiveRecord(recordType(type), message), update_mask: undefined, etag: "" };
      return { operation: { $case: "update", value: { ...value, allow_missing: true } } };
    };
    /** A batch whose last operation waits for the lock. */
    const writeBatch = () => {
      const operations = [
        replaced("Collaboration", { collab_id: "batch" }),
        replaced("Project", { collab_id: "batch", project_id: "p" }),
        replaced("Run", run),
      ];
      return errorOf(archive.client.batchWrite({ operations }));
    };
    const isUndone = async () => {
      await allRolledBack();
      expect(await errorOf(archive.client.get("Collaboration", { collab_id: "batch" }))).toMatchObject({
        reason: "RECORD_NOT_FOUND",
      });
    };

    // These take as long as a lock is waited for: one server is enough.
    const isFirst = engine === servers[0];

    test.runIf(isFirst)(
      "names the operation that others were in the way of",
      async () => {
        const error = await whileRunIsLocked(writeBatch);
        expect(error).toMatchObject({ code: "ABORTED", reason: "CONFLICT", metadata: { operation: "2" } });
        expect(error.message).toMatch(/^operations\[2\]: /);
        await isUndone();
      },
      30_000,
    );

    test("names the operation that lost its connection", async () => {
      const error = await whileRunIsLocked(async () => {
        const written = writeBatch();
        const [waiting] = await eventually(() =>
          archive.database.sql(
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'UPDATE `run`%'",
          ),
        );
        await archive.database.sql(`KILL ${waiting?.id}`);
        return written;
      });
      expect(error).toMatchObject({
        code: "UNAVAILABLE",
        reason: "DATABASE_UNAVAILABLE",
        metadata: { operation: "2" },
      });
      expect(error.message).toMatch(/^operations\[2\]: /);
      await isUndone();
    });

    test.runIf(isFirst)(
      "names none where it had no connection to try again with",
      async () => {
        const error = await whileRunIsLocked(async () => {
          const written = writeBatch();
          let isWritten = false;
          written.finally(() => {
            isWritten = true;
          });
          // Whoever waits for the one connection has it as soon as the batch gives it back.
          const [, cancelled] = [await eventually(locks), new AbortController()];
          while (!isWritten) {
            const call = archive.client.delete("Run", run, {}, { signal: cancelled.signal });
            await Promise.race([errorOf(call), written]);
          }
          cancelled.abort();
          return written;
        });
        expect(error).toMatchObject({ code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
        expect(error.metadata).not.toHaveProperty("operation");
        await isUndone();
      },
      30_000,
    );
  });
});
