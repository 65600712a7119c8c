import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { CallContext } from "../src/call-context.js";
import { limits } from "../src/limits.js";
import { recordType, recordTypes } from "../src/records/record-type.js";
import { askAlone, Groups } from "../src/storage/groups.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { errorOf } from "./support/client.js";
import { createGrid, details, ids, keyOf, View } from "./support/records.js";

describe("questions that travel together", () => {
  /** Questions whose answers come when they are told to; which were asked, as lists of items. */
  function questions(size = Number.POSITIVE_INFINITY) {
    const asked: { items: number[]; context: CallContext; answer(): void; fail(): void }[] = [];
    const ask = (items: readonly number[], context: CallContext) =>
      new Promise<number[]>((resolve, reject) => {
        asked.push({
          items: [...items],
          context,
          answer: () => resolve(items.map((item) => 10 * item)),
          fail: () => reject(new Error("broken off")),
        });
      });
    const groups = new Groups<number, number>({
      alone: async (item, context) => (await ask([item], context))[0] as number,
      together: async (items, context) => (await ask(items, context)).map((each) => (each === 50 ? askAlone : each)),
      onTheWay: 2,
      size: (waiting) => Math.min(waiting, size),
      bytes: (item) => (item === 8 ? 2 * limits.bytesOfTurn : item === 7 ? limits.bytesOfTurn : 1),
    });
    const contexts = Array.from({ length: 9 }, () => new CallContext());
    return { asked, groups, contexts, one: (item: number) => groups.ask(item, contexts[item] as CallContext) };
  }
  const all = (count: number, one: (item: number) => Promise<number>) =>
    Array.from({ length: count }, (_, item) => one(item));
  const settled = async () => {
    for (let turn = 0; turn < 3; turn++) await nextTurn();
  };

  test("go at once while few are on their way, and then with all that wait", async () => {
    const { asked, one } = questions();
    const answers = all(6, one);
    expect(asked.map(({ items }) => items)).toEqual([[0], [1]]);
    asked[1]?.answer();
    await settled();
    expect(asked.map(({ items }) => items)).toEqual([[0], [1], [2, 3, 4, 5]]);
    for (const each of asked) each.answer();
    await settled();
    // One of them was not answered together.
    expect(asked.at(-1)?.items).toEqual([5]);
    asked.at(-1)?.answer();
    expect(await Promise.all(answers)).toEqual([0, 10, 20, 30, 40, 50]);
  });

  test("wait for no others where each is large", async () => {
    const { asked, one } = questions(1);
    const answers = all(5, one);
    expect(asked).toHaveLength(5);
    for (const each of asked) each.answer();
    await Promise.all(answers);
  });

  test("do not wait long for one that takes long", async () => {
    const { asked, one } = questions();
    const answers = all(4, one);
    await expect.poll(() => asked.map(({ items }) => items)).toEqual([[0], [1], [2, 3]]);
    for (const each of asked) each.answer();
    expect(await Promise.all(answers)).toEqual([0, 10, 20, 30]);
  });

  test("fail with their group", async () => {
    const { asked, one } = questions();
    const answers = all(4, one).map((answer) => answer.catch((error: Error) => error.message));
    asked[0]?.answer();
    await settled();
    asked[2]?.fail();
    asked[1]?.answer();
    expect(await Promise.all(answers)).toEqual([0, 10, "broken off", "broken off"]);
  });

  test("go in groups of so many bytes; one that has more goes at once", async () => {
    const { asked, one } = questions();
    const answers = [0, 1, 2, 7, 3, 8].map(one);
    expect(asked.map(({ items }) => items)).toEqual([[0], [1], [8]]);
    asked[0]?.answer();
    asked[2]?.answer();
    await settled();
    expect(asked[3]?.items).toEqual([2]);
    asked[1]?.answer();
    await settled();
    expect(asked[4]?.items).toEqual([7]);
    asked[3]?.answer();
    await settled();
    expect(asked[5]?.items).toEqual([3]);
    for (const each of asked) each.answer();
    await Promise.all(answers);
  });

  test("leave when their calls end, and take no other with them", async () => {
    const { asked, one, contexts } = questions();
    const answers = all(7, one).map((answer) => answer.catch((error: Error) => error.message));
    contexts[2]?.end(new Error("cancelled"));
    asked[0]?.answer();
    await settled();
    expect(asked[2]?.items).toEqual([3, 4, 5, 6]);
    contexts[3]?.end(new Error("late"));
    expect(await answers[3]).toBe("late");
    expect(asked[2]?.context.error).toBeUndefined();
    for (const item of [4, 5, 6]) contexts[item]?.end(new Error("gone"));
    // Nobody waits for it any more.
    expect(asked[2]?.context.error).toBeDefined();
    asked[1]?.answer();
    expect(await Promise.all(answers)).toEqual([0, 10, "cancelled", "late", "gone", "gone", "gone"]);
  });
});

describe.each(inject("engines"))("reads of single records on $name", (engine) => {
  let archive: TestArchive;
  const [grid, other] = [ids("1"), ids("2")];
  beforeAll(async () => {
    archive = await startArchive(engine);
    await createGrid(archive.client, grid);
    await createGrid(archive.client, other);
  });
  afterAll(() => archive?.close());

  test.each(recordTypes.map((type) => [type.name, type] as const))(
    "of %s, many at a time, are each answered with their own",
    async (name, type) => {
      const missing = { ...keyOf(type, grid), [type.key.at(-1) as string]: "missing" };
      const expected = await Promise.all(
        [grid, other].map((each) => archive.client.get(name, keyOf(type, each), { view: 1 })),
      );
      archive.statements.length = 0;
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, index) => {
          const key = [keyOf(type, grid), keyOf(type, other), missing][index % 3] ?? missing;
          return archive.client
            .get(name, key, { view: View.VIEW_BASIC })
            .catch((error: { reason: string }) => error.reason);
        }),
      );
      answers.forEach((answer, index) => {
        expect(answer).toEqual(expected[index % 3] ?? "RECORD_NOT_FOUND");
      });
      if (engine.url) expect(archive.statements.length).toBeLessThan(40);
    },
  );

  test("that are large are whole, and beside them small ones", async () => {
    const type = recordType("Participant");
    const keys = Array.from({ length: 12 }, (_, index) => ({ participant_id: `size_${index}` }));
    const text = (index: number) => "x".repeat(index % 4 === 0 ? limits.bytesOfSmallResult + 1000 : 10);
    for (const [index, key] of keys.entries())
      await archive.client.create(type.name, { key, details: details("Participant", { summary: text(index) }) });
    for (let round = 0; round < 3; round++) {
      const read = await Promise.all(keys.map((key) => archive.client.get(type.name, key, { view: 1 })));
      expect(read.map((record) => (record.details as { summary: string }).summary.length)).toEqual(
        keys.map((_, index) => text(index).length),
      );
    }
  });

  test("are never older than what was acknowledged before they were asked for", async () => {
    const keys = Array.from({ length: 3 }, (_, index) => ({
      ...keyOf(recordType("Run"), grid),
      run_id: `register_${index}`,
    }));
    const written = keys.map(() => ({ begun: 0, acknowledged: 0 }));
    const readValue = (record: { details: unknown }) =>
      (record.details as { attributes: { value: number } }).attributes.value;
    for (const key of keys) await archive.client.create("Run", { key, details: details("Run", { value: 0 }) });
    let isOver = false;
    const writers = keys.map(async (key, index) => {
      const state = written[index] as { begun: number; acknowledged: number };
      while (!isOver) {
        const value = ++state.begun;
        await archive.client.update("Run", {
          key,
          details: details("Run", { value }),
          update_mask: ["attributes.value"],
        });
        state.acknowledged = value;
      }
    });
    let reads = 0;
    const readers = Array.from({ length: 24 }, async (_, index) => {
      const key = keys[index % keys.length] as (typeof keys)[number];
      const state = written[index % keys.length] as { begun: number; acknowledged: number };
      while (reads < 3000) {
        reads++;
        const least = state.acknowledged;
        const value = readValue(await archive.client.get("Run", key, { view: View.VIEW_BASIC }));
        expect(value).toBeGreaterThanOrEqual(least);
        expect(value).toBeLessThanOrEqual(state.begun);
      }
    });
    await Promise.all(readers).finally(() => {
      isOver = true;
    });
    await Promise.all(writers);
    expect(Math.min(...written.map(({ acknowledged }) => acknowledged))).toBeGreaterThan(1);
  });

  test("of a database that refuses them fail each with their own error", async () => {
    const broken = await startArchive(engine);
    try {
      await createGrid(broken.client, grid);
      await broken.database.sql(`ALTER TABLE \`run\` RENAME TO \`elsewhere\``);
      const errors = await Promise.all(
        Array.from({ length: 30 }, () =>
          errorOf(broken.client.get("Run", keyOf(recordType("Run"), grid), { view: View.VIEW_BASIC })),
        ),
      );
      expect(new Set(errors.map(({ code }) => code)).size).toBe(1);
      await broken.client.get("Experiment", keyOf(recordType("Experiment"), grid), { view: View.VIEW_BASIC });
    } finally {
      await broken.close();
    }
  });
});
