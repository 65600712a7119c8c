import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { recordType } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import type { CallError, CallOptions } from "./support/client.js";
import { createGrid, details, ids, type Key, keyOf } from "./support/records.js";

const run = recordType("Run");
const grid = ids("1");
const many = 64;
/** The one of them that is another than all others. */
const odd = 31;

/** Writes that travel together, where they do; and what each does to a table, as triggers name it. */
const kinds = [
  { name: "creates", event: "INSERT", old: false },
  { name: "replaces", event: "UPDATE", old: true },
  { name: "deletes", event: "DELETE", old: true },
] as const;

describe.each(inject("engines"))("of 64 that write at the same time on $name, one", (engine) => {
  let archive: TestArchive;
  let round = 0;
  beforeAll(async () => {
    archive = await startArchive(engine);
    await createGrid(archive.client, grid, run.ancestors);
  });
  afterAll(() => archive?.close());

  /** Has the database refuse the odd one, as a trigger can. */
  async function refusing(event: string, refusal: string, work: () => Promise<void>): Promise<void> {
    const { sql } = archive.database;
    const row = event === "INSERT" ? "NEW" : "OLD";
    const isOdd = `${row}.run_id LIKE 'odd%'`;
    await sql(
      engine.url
        ? `CREATE TRIGGER refuse BEFORE ${event} ON run FOR EACH ROW IF ${isOdd} THEN ${refusal}; END IF`
        : `CREATE TRIGGER refuse BEFORE ${event} ON run WHEN ${isOdd} BEGIN SELECT ${refusal}; END`,
    );
    try {
      await work();
    } finally {
      await sql("DROP TRIGGER refuse");
    }
  }

  /** The same write of many at once; resolves to what came of the odd one, when all others were done. */
  async function written(kind: (typeof kinds)[number], change: (key: Key) => Key, options?: () => CallOptions) {
    const { client } = archive;
    round++;
    const keys = Array.from({ length: many }, (_, index) => ({
      ...keyOf(run, grid),
      run_id: `${index === odd ? "odd" : "run"}_${round}_${index}`,
    }));
    if (kind.old) await Promise.all(keys.map((key) => client.create("Run", { key, details: details("Run", {}) })));
    const outcomes = await Promise.all(
      keys.map((own, index) => {
        const key = index === odd ? change(own) : own;
        const mine = index === odd ? options?.() : undefined;
        const call =
          kind.event === "INSERT"
            ? client.create("Run", { key, details: details("Run", { index }) }, mine)
            : kind.event === "UPDATE"
              ? client.update("Run", { key, details: details("Run", { index }) }, mine)
              : client.delete("Run", key, {}, mine);
        return call.then(
          () => "OK",
          ({ code, reason }: CallError) => reason ?? code,
        );
      }),
    );
    expect(outcomes.toSpliced(odd, 1)).toEqual(Array(many - 1).fill("OK"));
    const filter = { ...keyOf(recordType("Experiment"), grid), id_prefix: `run_${round}_` };
    const { records } = await client.list("Run", { filter, page_size: many });
    expect(records).toHaveLength(kind.event === "DELETE" ? 0 : many - 1);
    for (const { key, details: found } of records as { key: Key; details: object }[])
      expect(found).toMatchObject({ attributes: { index: Number(key.run_id?.split("_").at(-1)) } });
    return outcomes[odd];
  }
  const same = (key: Key) => key;

  describe.each(kinds)("of $name", (kind) => {
    test("that finds a key taken, or missing, is told so", async () => {
      const taken = { ...keyOf(run, grid), run_id: "taken" };
      await archive.client.update("Run", { key: taken, details: details("Run", {}), allow_missing: true });
      const other = kind.old ? "missing" : "taken";
      expect(await written(kind, (key) => ({ ...key, run_id: other }))).toBe(
        kind.old ? "RECORD_NOT_FOUND" : "RECORD_EXISTS",
      );
    });

    test("that is cancelled ends by that, and takes nobody with it", async () => {
      const cancelled = () => {
        const controller = new AbortController();
        setImmediate(() => controller.abort());
        return { signal: controller.signal };
      };
      expect(["CANCELLED", "OK"]).toContain(await written(kind, same, cancelled));
    });

    test.skipIf(!engine.url)("that meets a deadlock each time is a conflict", async () => {
      const deadlock = "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found'";
      await refusing(kind.event, deadlock, async () => {
        expect(await written(kind, same)).toBe("CONFLICT");
      });
    });

    test.skipIf(!engine.url || kind.event === "DELETE")("that is too large for the database is told so", async () => {
      const tooLarge = "SIGNAL SQLSTATE '08S01' SET MYSQL_ERRNO = 1153, MESSAGE_TEXT = 'Got a packet too large'";
      await refusing(kind.event, tooLarge, async () => {
        expect(await written(kind, same)).toBe("RECORD_TOO_LARGE");
      });
    });

    test.skipIf(engine.url !== undefined)("whose statement undoes the transaction of all fails alone", async () => {
      await refusing(kind.event, "RAISE(ROLLBACK, 'no')", async () => {
        expect(await written(kind, same)).toBe("INTERNAL");
      });
    });
  });
});
