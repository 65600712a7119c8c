import { describe, expect, inject, test } from "vitest";
import { type RecordType, recordType, recordTypes } from "../src/records/record-type.js";
import { startArchive } from "./support/archive.js";
import type { CallError } from "./support/client.js";
import { countOrphans } from "./support/database.js";
import { figures } from "./support/figures.js";
import { ids, keyOf, someDetails, View } from "./support/records.js";

/** How many calls writers and deleters race with: more on real servers, where they really meet. */
const calls = (url: string | undefined) => Number(process.env.ARCHIVE_TEST_RACES ?? (url ? 2_000 : 1_000));

const expected = ["ALREADY_EXISTS", "PARENT_NOT_FOUND", "RECORD_NOT_FOUND", "CONFLICT"];

describe.each(inject("engines"))("writers on $name", (engine) => {
  test("that create children while others delete their ancestors leave no orphan and meet no error but the contract's", async () => {
    const archive = await startArchive(engine, { poolSize: 24 });
    const { client } = archive;
    let made = 0;
    const outcomes = new Map<string, number>();
    const grids = [0, 1].map((index) => ({ ...ids("race"), project_id: `project_${index}` }));
    const pick = <Item>(items: readonly Item[]) => items[Math.floor(Math.random() * items.length)] as Item;
    const attempt = async (call: Promise<unknown>) => {
      const outcome = await call.then(
        () => "OK",
        (error: CallError) =>
          error.code === "ALREADY_EXISTS" ? error.code : (error.reason ?? `${error.code}: ${error.message}`),
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      made++;
    };
    const inner = recordTypes.filter((type) => type.relations.length > 0);
    const write = async (type: RecordType) => {
      // Parents first, so that many of the children find theirs.
      const grid = pick(grids);
      for (const each of [...type.ancestors, type]) {
        const request = { key: keyOf(each, grid), details: someDetails(each.name) };
        await attempt(
          Math.random() < 0.5
            ? client.create(each.name, request)
            : client.update(each.name, { ...request, allow_missing: true }),
        );
      }
    };
    const loop = async (work: () => Promise<void>) => {
      while (made < calls(engine.url)) await work();
    };
    /** Nobody ever sees half of a tree: a record is never there without those above it. */
    const look = async () => {
      const { relations } = await client.get("Collaboration", keyOf(recordType("Collaboration"), ids("race")));
      const present = new Set<string>();
      for (const type of recordTypes) {
        for (const { key } of (relations?.[type.plural] ?? []) as { key: Record<string, string> }[]) {
          present.add(`${type.name}/${type.key.map((field) => key[field]).join("/")}`);
          for (const parent of type.parents.filter(({ name }) => !["Collaboration", "Participant"].includes(name))) {
            const id = `${parent.name}/${parent.key.map((field) => key[field]).join("/")}`;
            if (!present.has(id)) throw new Error(`${type.name} is seen without its ${parent.name}`);
          }
        }
      }
    };
    try {
      await Promise.all([
        ...Array.from({ length: 16 }, () => loop(() => write(pick(recordTypes)))),
        ...Array.from({ length: 3 }, () =>
          loop(() => {
            const type = pick(inner);
            return attempt(client.delete(type.name, keyOf(type, pick(grids)), { view: View.VIEW_FULL }));
          }),
        ),
        loop(() => attempt(look())),
      ]);
      let orphans = 0;
      for (const type of recordTypes) orphans += await countOrphans(archive.database, type);
      figures({ "racing calls": made, orphans });
      expect(orphans).toBe(0);
      console.log(`${engine.name}: ${[...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(", ")}`);
      expect([...outcomes.keys()].filter((outcome) => outcome !== "OK" && !expected.includes(outcome))).toEqual([]);
      expect(outcomes.get("OK")).toBeGreaterThan(100);
    } finally {
      await archive.close();
    }
  }, 600_000);
});
