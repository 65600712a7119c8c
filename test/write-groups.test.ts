import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { CallContext } from "../src/call-context.js";
import { recordType } from "../src/records/record-type.js";
import type { Outcome, Query, Run } from "../src/storage/query.js";
import { WriteGroups } from "../src/storage/write-groups.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { type CallError, errorOf } from "./support/client.js";
import { createGrid, details, ids, type Key, keyOf, someDetails } from "./support/records.js";

const nothing: Outcome = { rows: [], truncated: false, changed: 0, insertId: 0 };

describe("short writes that come at the same time", () => {
  /** Groups over a journal in place of a database: what was run, with a transaction's outcome at its end. */
  function journal(faults: Readonly<Record<string, string>> = {}) {
    const log: string[] = [];
    const run: Run = async ({ sql }: Query) => {
      log.push(sql);
      if (faults[sql]) throw new Error(faults[sql]);
      return nothing;
    };
    const groups = new WriteGroups(async (work) => {
      if (faults.BEGIN) throw new Error(faults.BEGIN);
      try {
        await work(run);
        if (faults.COMMIT) throw new Error(faults.COMMIT);
        log.push("COMMIT");
      } catch (error) {
        log.push("ROLLBACK");
        throw error;
      }
    });
    const statement = (sql: string): Query => ({ sql, bindings: [] });
    const write = (sql: string, context = new CallContext()): Promise<string> =>
      groups
        .ask(
          async (work) => {
            await work(statement(sql));
            return sql;
          },
          async () => {
            await run(statement(sql));
            log.push(`${sql} alone`);
            return `${sql} alone`;
          },
          context,
        )
        .catch((error: Error) => error.message);
    return { log, write };
  }
  const saved = (...names: string[]) => names.flatMap((name) => ["SAVEPOINT one", name, "RELEASE one"]);

  test("share a transaction, in their order; a lone one has none", async () => {
    const { log, write } = journal();
    expect(await write("a")).toBe("a alone");
    expect(await Promise.all(["b", "c", "d"].map((each) => write(each)))).toEqual(["b", "c", "d"]);
    expect(log).toEqual(["a", "a alone", ...saved("b", "c", "d"), "COMMIT"]);
  });

  test("fail each for itself", async () => {
    const { log, write } = journal({ b: "taken" });
    expect(await Promise.all(["a", "b", "c"].map((each) => write(each)))).toEqual(["a", "taken", "c"]);
    expect(log).toEqual([
      ...saved("a"),
      "SAVEPOINT one",
      "b",
      "ROLLBACK TO one",
      "RELEASE one",
      ...saved("c"),
      "COMMIT",
    ]);
  });

  test("are done each by itself where another broke their transaction", async () => {
    const { log, write } = journal({ b: "full", "ROLLBACK TO one": "no such savepoint" });
    expect(await Promise.all(["a", "b", "c", "d"].map((each) => write(each)))).toEqual(["a alone", "full", "c", "d"]);
    expect(log.slice(log.indexOf("ROLLBACK"))).toEqual(["ROLLBACK", "a", "a alone", ...saved("c", "d"), "COMMIT"]);
  });

  test.each(["BEGIN", "COMMIT"])("all fail where it does not %s", async (stage) => {
    const { write } = journal({ [stage]: "busy" });
    expect(await Promise.all(["a", "b"].map((each) => write(each)))).toEqual(["busy", "busy"]);
  });

  test("are left out where their call has ended, and answered only when they are kept", async () => {
    const { log, write } = journal();
    const ended = new CallContext();
    const answers = [write("a"), write("b", ended), write("c")];
    let isAnswered = false;
    void answers[0]?.then(() => {
      isAnswered = true;
      expect(log.at(-1)).toBe("COMMIT");
    });
    ended.end(new Error("cancelled"));
    expect(await Promise.all(answers)).toEqual(["a", "cancelled", "c"]);
    expect(isAnswered).toBe(true);
    expect(log).not.toContain("b");
  });

  test("take only so long at a time, and lose nothing by it", async () => {
    const { log, write } = journal();
    const slow = async (sql: string) => {
      const end = performance.now() + 3;
      const answer = write(sql);
      await nextTurn();
      while (performance.now() < end);
      return answer;
    };
    const names = Array.from({ length: 40 }, (_, index) => `w${index}`);
    expect(await Promise.all(names.map((name) => slow(name)))).toHaveLength(40);
    expect(log.filter((each) => /^w\d+$/.test(each))).toEqual(names);
  });
});

describe.each(inject("engines"))("writes of many callers at the same time on $name", (engine) => {
  let archive: TestArchive;
  const grid = ids("1");
  const run = recordType("Run");
  const key = (id: string): Key => ({ ...keyOf(run, grid), run_id: id });
  beforeAll(async () => {
    archive = await startArchive(engine);
    await createGrid(archive.client, grid);
  });
  afterAll(() => archive?.close());

  const outcome = (call: Promise<unknown>) =>
    call.then(
      () => "OK",
      (error: CallError) => error.reason,
    );

  test("are each answered with their own: one collides, one has no parent, and all others are kept", async () => {
    const { client } = archive;
    const names = Array.from({ length: 64 }, (_, index) => `many_${index}`);
    const bad: Readonly<Record<number, Key>> = {
      7: key("many_6"),
      20: { ...key("lost"), expt_id: "none" },
      33: { ...key("lost"), collab_id: "none" },
    };
    const outcomes = await Promise.all(
      names.map((name, index) =>
        outcome(client.create("Run", { key: bad[index] ?? key(name), details: someDetails("Run") })),
      ),
    );
    // Which of the two that collide was first is not foreseen.
    expect([outcomes[6], outcomes[7]].sort()).toEqual(["OK", "RECORD_EXISTS"]);
    const others = outcomes.filter((_, index) => index !== 6 && index !== 7);
    expect(others.filter((each) => each === "PARENT_NOT_FOUND")).toHaveLength(2);
    expect(others.filter((each) => each === "OK")).toHaveLength(60);
    const { records } = await client.list("Run", {
      filter: { ...keyOf(recordType("Experiment"), grid), id_prefix: "many" },
    });
    expect(records).toHaveLength(61);
    const recordIds = records.map((record) => (record as { record_id: bigint }).record_id);
    expect(new Set(recordIds).size).toBe(61);
    for (const record of records) {
      const { key: own, record_id } = record as { key: Key; record_id: bigint };
      expect((await client.get("Run", own, { view: 1 })).record_id).toBe(record_id);
    }
  });

  test("of one record change it one after the other: none is lost", async () => {
    const { client } = archive;
    await client.create("Run", { key: key("shared"), details: details("Run", {}) });
    await Promise.all(
      Array.from({ length: 32 }, (_, index) =>
        client.update("Run", {
          key: key("shared"),
          details: details("Run", { [`k${index}`]: index }),
          update_mask: [`attributes.k${index}`],
        }),
      ),
    );
    const { details: kept } = await client.get("Run", key("shared"), { view: 1 });
    expect(Object.keys((kept as { attributes: object }).attributes)).toHaveLength(32);
  });

  test("with an etag that many give is done by one", async () => {
    const { client } = archive;
    const { etag } = await client.create("Run", { key: key("etag"), details: details("Run", {}) });
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        outcome(client.update("Run", { key: key("etag"), details: details("Run", { index }), etag })),
      ),
    );
    expect(outcomes.filter((each) => each === "OK")).toHaveLength(1);
    expect(outcomes.filter((each) => each === "ETAG_MISMATCH")).toHaveLength(15);
  });

  test("delete each record once, and nothing else", async () => {
    const { client } = archive;
    const names = Array.from({ length: 20 }, (_, index) => `gone_${index}`);
    await Promise.all(names.map((name) => client.create("Run", { key: key(name), details: details("Run", {}) })));
    const outcomes = await Promise.all([...names, ...names].map((name) => outcome(client.delete("Run", key(name)))));
    expect(outcomes.filter((each) => each === "OK")).toHaveLength(20);
    expect(outcomes.filter((each) => each === "RECORD_NOT_FOUND")).toHaveLength(20);
    expect((await errorOf(client.get("Run", key("gone_3")))).reason).toBe("RECORD_NOT_FOUND");
  });

  if (!engine.url)
    test("share transactions", async () => {
      archive.statements.length = 0;
      const names = Array.from({ length: 50 }, (_, index) => `shared_${index}`);
      await Promise.all(
        names.map((name) => archive.client.create("Run", { key: key(name), details: details("Run", {}) })),
      );
      const commits = archive.statements.filter((sql) => sql === "COMMIT");
      expect(archive.statements.filter((sql) => /^SAVEPOINT/.test(sql)).length).toBeGreaterThan(20);
      expect(commits.length).toBeLessThan(25);
    });
});
