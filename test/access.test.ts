import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { RecordMessage } from "../src/archive/record-message.js";
import { type RecordType, recordType, recordTypes } from "../src/records/record-type.js";
import { clientOf } from "./support/access.js";
import {
  type AccessGrid,
  askers,
  exists,
  keysFor,
  mayCreate,
  outcomeOf,
  type Place,
  placeNames,
  places,
  seesAll,
  startAccessGrid,
} from "./support/access-grid.js";
import { hiddenPaths, may } from "./support/access-oracle.js";
import type { TestArchive } from "./support/archive.js";
import type { ArchiveClient } from "./support/client.js";
import { type Key, keyOf, someDetails, View } from "./support/records.js";

const { own } = places;
const collab = own.collab_id as string;
const participant = own.participant_id as string;

describe.each(inject("engines"))("access on $name", (engine) => {
  let grid: AccessGrid;
  let archive: TestArchive;
  let administrator: ArchiveClient;
  beforeAll(async () => {
    grid = await startAccessGrid(engine);
    ({ archive, administrator } = grid);
  });
  afterAll(() => grid?.close());

  describe.each(Object.entries(askers))("for %s", (name, asker) => {
    const client = () => grid.as(name);

    test.each(recordTypes)("and single records of $name", async (type) => {
      const check = async (place: Place) => {
        const key = keyOf(type, places[place]);
        const there = exists(type, place);
        const expected = (allowed: boolean, outcome: string) => (allowed ? outcome : "ACCESS_DENIED");
        const reads = may(asker, "read", type.name, key);
        const writes = may(asker, "write", type.name, key);
        const creates = mayCreate(asker, type, key);
        const deletes =
          may(asker, "delete", type.name, key) && [type, ...type.relations].every((each) => seesAll(asker, each, key));
        const found = there ? "OK" : "RECORD_NOT_FOUND";
        for (const view of [View.VIEW_BASIC, View.VIEW_FULL]) {
          expect([place, view, await outcomeOf(client().get(type.name, key, { view }))]).toEqual([
            place,
            view,
            expected(reads, found),
          ]);
        }
        const update = (allow_missing: boolean) =>
          outcomeOf(
            client().update(type.name, { key, details: someDetails(type.name), etag: "another", allow_missing }),
          );
        expect([place, await update(false)]).toEqual([
          place,
          expected(writes, there ? "ETAG_MISMATCH" : "RECORD_NOT_FOUND"),
        ]);
        expect([place, await update(true)]).toEqual([place, expected(creates, "ETAG_MISMATCH")]);
        const created = await outcomeOf(
          client().create(type.name, { key, details: someDetails(type.name), validate_only: true }),
        );
        const orphan = !there && type.parents.some((parent) => !exists(parent, place));
        expect([place, created]).toEqual([
          place,
          expected(creates, there ? "RECORD_EXISTS" : orphan ? "PARENT_NOT_FOUND" : "OK"),
        ]);
        const deleted = await outcomeOf(client().delete(type.name, key, { validate_only: true, view: View.VIEW_FULL }));
        expect([place, deleted]).toEqual([place, expected(deletes, found)]);
      };
      await Promise.all(placeNames.map(check));
    });

    test.each(recordTypes)("and lists, relations, ancestors and counts of $name", async (type) => {
      const visible = (each: RecordType) => keysFor(asker, each);
      const mayAny = visible(type).length > 0;
      for (const view of [View.VIEW_BASIC, View.VIEW_FULL]) {
        const list = client().list(type.name, { view, with_total: true, page_size: 1 });
        if (!mayAny) {
          expect(await outcomeOf(list)).toBe("ACCESS_DENIED");
          continue;
        }
        const first = await list;
        expect(first.total_size).toBe(visible(type).length);
        const listed = [...first.records];
        for (let page_token = first.next_page_token; page_token !== ""; ) {
          const page = await client().list(type.name, { view, page_size: 1, page_token });
          listed.push(...page.records);
          page_token = page.next_page_token;
        }
        expect(new Set(listed.map(({ key }) => JSON.stringify(key)))).toEqual(
          new Set(visible(type).map((key) => JSON.stringify(key))),
        );
        for (const record of listed) {
          expect(record.masked).toEqual(expect.arrayContaining([...hiddenPaths(asker, type.name)]));
          for (const path of hiddenPaths(asker, type.name)) expect(record.details[path]).toBeUndefined();
          if (view === View.VIEW_BASIC) continue;
          for (const relation of type.relations) {
            const below = visible(relation).filter((key) =>
              type.key.every((field) => key[field] === record.key[field]),
            );
            const shown = (record.relations?.[relation.plural] ?? []) as { key: Key }[];
            expect([relation.name, shown.map(({ key }) => key)]).toEqual([
              relation.name,
              [...below].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
            ]);
          }
          for (const ancestor of type.ancestors) {
            const above = record.ancestors?.[ancestor.field];
            expect([ancestor.name, above !== undefined]).toEqual([
              ancestor.name,
              may(asker, "read", ancestor.name, keyOf(ancestor, record.key)),
            ]);
          }
        }
      }
    });

    test("and what crosses types", async () => {
      const visible = recordTypes.flatMap((type) =>
        keysFor(asker, type).map((key) => `${type.name} ${JSON.stringify(key)}`),
      );
      const streamed: string[] = [];
      const outcome = await outcomeOf(
        (async () => {
          for await (const { records } of client().stream()) {
            for (const { record } of records) {
              const type = recordTypes.find(({ field }) => field === record?.$case) as RecordType;
              const message = record?.value as RecordMessage | undefined;
              streamed.push(`${type.name} ${JSON.stringify(message && keyOf(type, message.key))}`);
            }
          }
        })(),
      );
      expect(outcome).toBe(visible.length > 0 ? "OK" : "ACCESS_DENIED");
      expect(new Set(streamed)).toEqual(new Set(visible));
      if (visible.length > 0) {
        const counts = await client().counts();
        expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(visible.length);
      } else expect(await outcomeOf(client().counts())).toBe("ACCESS_DENIED");
      expect((await client().whoAmI()).principal).toBe(name);
      expect((await client().describeHierarchy()).record_types).toHaveLength(recordTypes.length);
    });
  });

  test("writes down who wrote", async () => {
    const key = { participant_id: participant };
    const { created_by } = await administrator.get("Participant", key);
    expect(created_by).toBe("administrator");
    const updated = await grid.as("participant").update("Participant", {
      key,
      details: someDetails("Participant"),
    });
    expect(updated).toMatchObject({ created_by: "administrator", updated_by: "participant" });
  });

  test("keeps what a caller does not see where it replaces a record", async () => {
    const key = { participant_id: participant };
    const whole = (await administrator.get("Participant", key)).details;
    const orchestrator = grid.as("orchestrator");
    const seen = await orchestrator.get("Participant", key);
    expect(seen.details.phone).toBeUndefined();
    const details = { ...seen.details, summary: "changed" };
    const replaced = await orchestrator.update("Participant", { key, details });
    expect(replaced.details).toEqual(details);
    expect((await administrator.get("Participant", key)).details).toEqual({ ...whole, summary: "changed" });
    const cleared = await orchestrator.update("Participant", { key, details: seen.details, update_mask: ["phone"] });
    expect(cleared.masked).toContain("phone");
    expect((await administrator.get("Participant", key)).details).toEqual({
      ...whole,
      summary: "changed",
      phone: undefined,
    });
    const below = orchestrator.update("Participant", { key, details: seen.details, update_mask: ["socials.net"] });
    expect(await outcomeOf(below)).toBe("ACCESS_DENIED");
  });

  test("takes a hidden field that is given as empty for given", async () => {
    const key = { participant_id: participant };
    const { details } = await administrator.get("Participant", key);
    await administrator.update("Participant", {
      key,
      details: { ...details, phone: "1", attributes: { shown: true } },
    });
    const given = { ...details, phone: undefined, attributes: { phone: null } };
    await grid.as("orchestrator").update("Participant", { key, details: given });
    const { phone, attributes } = (await administrator.get("Participant", key)).details;
    expect({ phone, attributes }).toEqual({ phone: undefined, attributes: { phone: null } });
    await administrator.update("Participant", { key, details: { ...details, summary: "s" }, update_mask: ["summary"] });
  });

  test("wants to know who asks, and says so alike of all that is wrong", async () => {
    expect(await outcomeOf(archive.client.get("Participant", { participant_id: participant }))).toBe(
      "CREDENTIAL_MISSING",
    );
    const unknown = clientOf(archive.address, "stranger");
    expect(await outcomeOf(unknown.get("Run", keyOf(recordType("Run"), own)))).toBe("CREDENTIAL_INVALID");
    unknown.close();
    const line = archive.log.findLast(({ reason }) => reason === "CREDENTIAL_INVALID");
    expect(line).toMatchObject({ level: "warn", fault: "no principal has the token" });
    expect(JSON.stringify(archive.log)).not.toContain("token-of-");
  });

  test("ties page tokens to what their caller may see", async () => {
    const filter = { collab_id: collab, id_prefix: "" };
    const { next_page_token } = await administrator.list("Registration", { filter, page_size: 1 });
    const other = grid.as("orchestrator").list("Registration", {
      filter,
      page_token: next_page_token,
    });
    expect(await outcomeOf(other)).toBe("INVALID_PAGE_TOKEN");
  });
});
