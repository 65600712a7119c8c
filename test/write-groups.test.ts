import { setImmediate as nextTurn } from "node:timers/promises";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { ChangeKind } from "../generated/ts/synergos/archive/v1/change.js";
import { CallContext } from "../src/call-context.js";
import type { Ids } from "../src/records/ids.js";
import { recordType } from "../src/records/record-type.js";
import type { Outcome, Query, Run } from "../src/storage/query.js";
import { type Together, WriteGroups } from "../src/storage/write-groups.js";
import { openEngine, startArchive, type TestArchive } from "./support/archive.js";
import { type CallError, errorOf } from "./support/client.js";
import { createGrid, details, ids, type Key, keyOf, someDetails } from "./support/records.js";

const nothing: Outcome = { rows: [], truncated: false, changed: 0, insertId: 0 };

describe("short writes that come at the same time", () => {
  /** Groups over a journal in place of a database: what was run, with a transaction's outcome at its end. */
  function journal(faults: Record<string, string> = {}) {
    const log: string[] = [];
    const contexts: CallContext[] = [];
    let going = Promise.resolve();
    const run: Run = async ({ sql }: Query) => {
      log.push(sql);
      contexts.at(-1)?.trace?.statement(sql, 0, 0);
      await going;
      const fault = faults[sql];
      if (fault?.startsWith("once ")) delete faults[sql];
      if (fault) throw new Error(fault.replace("once ", ""));
      return nothing;
    };
    const together: Together = async (work) => {
      if (faults.BEGIN) throw new Error(faults.BEGIN);
      try {
        const changes: string[] = [];
        await work({ run, changes });
        if (changes.length > 0) log.push(changes.join("+"));
        if (faults.COMMIT) throw new Error(faults.COMMIT);
        log.push("COMMIT");
        contexts.at(-1)?.trace?.statement("COMMIT", 0, 0);
      } catch (error) {
        log.push("ROLLBACK");
        contexts.at(-1)?.trace?.statement("ROLLBACK", 0, 0);
        throw error;
      }
    };
    let free = Promise.resolve();
    const groups = new WriteGroups(async (work, context) => {
      contexts.push(context);
      await free;
      if (faults.CONNECT) throw new Error(faults.CONNECT);
      await work(together);
    });
    const write = (sql: string, context = new CallContext()): Promise<string> =>
      groups
        .ask(async ({ run: work, changes }) => {
          changes.push(`change of ${sql}`);
          await work({ sql, bindings: [] });
          return sql;
        }, context)
        .catch((error: Error) => error.message);
    /** Keeps the connection from everybody; returns what gives it back. */
    const hold = () => {
      let give = () => {};
      free = new Promise((resolve) => {
        give = resolve;
      });
      return () => give();
    };
    /** Lets no statement be answered. */
    const freeze = () => {
      going = new Promise(() => undefined);
    };
    return { log, write, hold, freeze, contexts };
  }
  const end = (...names: string[]) => [names.map((name) => `change of ${name}`).join("+"), "COMMIT"];
  const saved = (...names: string[]) => names.flatMap((name) => ["SAVEPOINT one", name, "RELEASE one"]);

  test("share a transaction, in their order, and what is noted of their changes; a lone one has its own", async () => {
    const { log, write } = journal();
    expect(await write("a")).toBe("a");
    expect(await Promise.all(["c", "d", "e"].map((each) => write(each)))).toEqual(["c", "d", "e"]);
    expect(log).toEqual(["a", ...end("a"), ...saved("c", "d", "e"), ...end("c", "d", "e")]);
  });

  test("have in their traces what is run for them, and for all, and not what is for another", async () => {
    // The second breaks its group, so that those before it are done again, each by itself.
    const { write } = journal({ b: "full", "ROLLBACK TO one": "no such savepoint" });
    const traced = async (sql: string) => {
      const context = new CallContext();
      const told: string[] = [];
      context.trace = { statement: (each) => void told.push(each) };
      await write(sql, context);
      return told;
    };
    expect(await Promise.all(["a", "b", "c", "d"].map(traced))).toEqual([
      [...saved("a"), "ROLLBACK", "a", "COMMIT"],
      ["SAVEPOINT one", "b", "ROLLBACK TO one", "ROLLBACK", "b", "ROLLBACK"],
      [...saved("c"), "COMMIT"],
      [...saved("d"), "COMMIT"],
    ]);
  });

  test("go with all that came while another had the connection", async () => {
    const { log, write, hold } = journal();
    const give = hold();
    const first = write("a");
    await nextTurn();
    const others = ["b", "c"].map((each) => write(each));
    give();
    expect(await Promise.all([first, ...others])).toEqual(["a", "b", "c"]);
    expect(log).toEqual([...saved("a", "b", "c"), ...end("a", "b", "c")]);
  });

  test("fail each for itself", async () => {
    const { log, write } = journal({ b: "taken" });
    expect(await Promise.all(["a", "b", "c"].map((each) => write(each)))).toEqual(["a", "taken", "c"]);
    const failed = ["SAVEPOINT one", "b", "ROLLBACK TO one", "RELEASE one"];
    expect(log).toEqual([...saved("a"), ...failed, ...saved("c"), ...end("a", "c")]);
  });

  test("are done each by itself where one of them breaks their transaction", async () => {
    const { log, write } = journal({ b: "full", "ROLLBACK TO one": "no such savepoint" });
    expect(await Promise.all(["a", "b", "c", "d"].map((each) => write(each)))).toEqual(["a", "full", "c", "d"]);
    expect(log.slice(log.indexOf("ROLLBACK"))).toEqual([
      "ROLLBACK",
      "a",
      ...end("a"),
      "b",
      "ROLLBACK",
      ...saved("c", "d"),
      ...end("c", "d"),
    ]);
  });

  test("are all answered where there can be no savepoint", async () => {
    const { write } = journal({ "SAVEPOINT one": "once no memory" });
    expect(await Promise.all(["a", "b", "c"].map((each) => write(each)))).toEqual(["a", "b", "c"]);
  });

  test.each(["BEGIN", "COMMIT", "CONNECT"])(
    "all fail where it does not %s, whatever each would have been told",
    async (stage) => {
      const { write } = journal({ b: "taken", [stage]: "busy" });
      expect(await Promise.all(["a", "b", "c"].map((each) => write(each)))).toEqual(["busy", "busy", "busy"]);
    },
  );

  test("are answered at once when their call ends, and left out", async () => {
    const { log, write, hold, contexts } = journal();
    const give = hold();
    const ended = [new CallContext(), new CallContext()];
    const answers = [write("a", ended[0]), write("b", ended[1]), write("c")];
    await nextTurn();
    ended[0]?.end(new Error("cancelled"));
    expect(await answers[0]).toBe("cancelled");
    give();
    expect(await Promise.all(answers)).toEqual(["cancelled", "b", "c"]);
    expect(log).not.toContain("a");
    expect(contexts[0]?.error).toBeUndefined();
  });

  test("give up the connection when all their calls have ended, and not before", async () => {
    const { log, write, freeze, contexts } = journal();
    freeze();
    const ended = [new CallContext(), new CallContext()];
    const answers = [write("a", ended[0]), write("b", ended[1])];
    await expect.poll(() => log).toEqual(["SAVEPOINT one"]);
    ended[0]?.end(new Error("cancelled"));
    expect(contexts[0]?.error).toBeUndefined();
    ended[1]?.end(new Error("late"));
    expect(contexts[0]?.error).toBeDefined();
    expect(await Promise.all(answers)).toEqual(["cancelled", "late"]);
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

  if (engine.url) {
    test("share inserts", async () => {
      archive.statements.length = 0;
      const names = Array.from({ length: 50 }, (_, index) => `together_${index}`);
      await Promise.all(
        names.map((name) => archive.client.create("Run", { key: key(name), details: details("Run", {}) })),
      );
      expect(archive.statements.filter((sql) => /INSERT INTO `run`/.test(sql)).length).toBeLessThan(25);
    });

    const made = async (names: readonly string[]) => {
      const create = (name: string) => archive.client.create("Run", { key: key(name), details: details("Run", {}) });
      await Promise.all(names.map(create));
    };
    const changing: Record<"updates" | "deletes", (name: string) => Promise<unknown>> = {
      updates: (name) => archive.client.update("Run", { key: key(name), details: details("Run", { name }) }),
      deletes: (name) => archive.client.delete("Run", key(name)),
    };

    test.each([
      ["updates", /UPDATE `run`/],
      ["deletes", /DELETE FROM `run`/],
    ] as const)("share the transactions of %s", async (kind, statement) => {
      const names = Array.from({ length: 50 }, (_, index) => `${kind}_${index}`);
      await made(names);
      archive.statements.length = 0;
      await Promise.all(names.map(changing[kind]));
      expect(archive.statements.filter((sql) => statement.test(sql)).length).toBeLessThan(25);
      const { changes } = await archive.client.listChanges({ page_size: 50 });
      const expected = { updates: ChangeKind.CHANGE_KIND_UPDATED, deletes: ChangeKind.CHANGE_KIND_DELETED }[kind];
      expect(changes.map((change) => change.kind)).toEqual(Array(50).fill(expected));
      const told = changes.map((change) => JSON.stringify(change.key?.key?.value));
      expect(told.sort()).toEqual(names.map((name) => JSON.stringify(key(name))).sort());
    });

    test.each([
      ["updates", "a record", "SELECT * FROM run WHERE run_id = ? FOR UPDATE"],
      ["deletes", "a record", "SELECT * FROM run WHERE run_id = ? FOR UPDATE"],
      ["deletes", "a child", "DELETE FROM model WHERE run_id = ?"],
    ] as const)("do not wait, as %s, for the lock of %s that one of them waits for", async (kind, what, lock) => {
      const names = Array.from({ length: 40 }, (_, index) => `locked_${kind}_${what.slice(2)}_${index}`);
      const other = names[5] as string;
      await made(names);
      const child = { key: { ...keyOf(recordType("Model"), grid), run_id: other }, details: someDetails("Model") };
      if (what === "a child") await archive.client.create("Model", child);
      const stranger = await createConnection(archive.database.url);
      try {
        await stranger.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
        await stranger.query("BEGIN");
        await stranger.query(lock, [other]);
        let isOver = false;
        const calls = names.map((name) => outcome(changing[kind](name)));
        void calls[5]?.then(() => {
          isOver = true;
        });
        expect(await Promise.all(calls.filter((_, index) => index !== 5))).toEqual(Array(39).fill("OK"));
        expect(isOver).toBe(false);
        await stranger.query("COMMIT");
        expect(await calls[5]).toBe("OK");
      } finally {
        await stranger.end();
      }
    });

    test.runIf(engine.name.startsWith("MySQL"))("deletes begin none where one has a child", async () => {
      const [childless, parent] = ["begun_1", "begun_2"];
      await made([childless, parent]);
      const child = { ...keyOf(recordType("Model"), grid), run_id: parent };
      await archive.client.create("Model", { key: child, details: someDetails("Model") });
      const { dialect, close } = await openEngine(archive.database.url);
      await close();
      const looked = async (...names: string[]) => {
        const keys = names.map((name) => key(name) as Ids);
        for (const { sql, bindings } of dialect.deleteTogether(recordType("Run"), keys, [])) {
          await archive.database.sql(sql, [...bindings]);
        }
      };
      await looked(childless);
      await expect(looked(childless, parent)).rejects.toThrow();
    });

    test.each([
      [
        "a record",
        "INSERT INTO run (collab_id, project_id, expt_id, run_id, details, created_at, updated_at, etag) " +
          "SELECT collab_id, project_id, ?, 'taken', details, created_at, updated_at, etag FROM run LIMIT 1",
        "taken",
        "RECORD_EXISTS",
      ],
      ["a parent", "SELECT * FROM experiment WHERE expt_id = ? FOR UPDATE", "new", "OK"],
    ])("do not wait for the lock of %s that one of them waits for", async (_, lock, id, then) => {
      const other = { ...key(id), expt_id: "other" };
      const experiment = keyOf(recordType("Experiment"), other);
      const made = { key: experiment, details: details("Experiment", {}), allow_missing: true };
      await archive.client.update("Experiment", made);
      const stranger = await createConnection(archive.database.url);
      try {
        // Else what it looks through is locked too.
        await stranger.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
        await stranger.query("BEGIN");
        await stranger.query(lock, [other.expt_id]);
        let isOver = false;
        const keys = Array.from({ length: 40 }, (_, index) => (index === 5 ? other : key(`${then}_${index}`)));
        const calls = keys.map((each) =>
          outcome(archive.client.create("Run", { key: each, details: details("Run", {}) })),
        );
        void calls[5]?.then(() => {
          isOver = true;
        });
        expect(await Promise.all(calls.filter((_, index) => index !== 5))).toEqual(Array(39).fill("OK"));
        expect(isOver).toBe(false);
        await stranger.query("COMMIT");
        expect(await calls[5]).toBe(then);
      } finally {
        await stranger.end();
      }
    });
  }
});
