import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { OnConflict, type WriteOperation } from "../generated/ts/synergos/archive/v1/archive_service.js";
import { type Change, ChangeKind, type WatchResponse } from "../generated/ts/synergos/archive/v1/change.js";
import type { ArchiveKey } from "../generated/ts/synergos/archive/v1/records.js";
import { archiveRecord } from "../src/archive/record-message.js";
import { type RecordType, recordType, recordTypeOfField, recordTypes } from "../src/records/record-type.js";
import { unsaid } from "../src/records/unsaid.js";
import {
  type AccessGrid,
  askers,
  exists,
  keysThere,
  mayCreate,
  outcomeOf,
  type Place,
  placeNames,
  places,
  seesAll,
  startAccessGrid,
} from "./support/access-grid.js";
import { type Asker, hiddenPaths, may } from "./support/access-oracle.js";
import type { CallError } from "./support/client.js";
import { createGrid, type Key, keyOf, someDetails } from "./support/records.js";

const textOf = (type: RecordType, key: Key) => `${type.name} ${type.key.map((field) => key[field]).join("/")}`;

const archiveKey = (type: RecordType, key: Key) =>
  ({ key: { $case: type.field, value: key } as unknown as ArchiveKey["key"] }) satisfies ArchiveKey;

const recordOf = (type: RecordType, key: Key) =>
  archiveRecord(type, { key, details: someDetails(type.name), ...unsaid });

function textOfKey(key: ArchiveKey | undefined): string {
  const chosen = key?.key;
  const type = chosen && recordTypeOfField(chosen.$case);
  return type ? textOf(type, chosen.value as unknown as Key) : "nothing";
}

const updateOf = (type: RecordType, key: Key, changes: { etag?: string; allow_missing?: boolean } = {}) =>
  ({
    operation: {
      $case: "update",
      value: { record: recordOf(type, key), update_mask: undefined, allow_missing: false, etag: "", ...changes },
    },
  }) satisfies WriteOperation;

/** No operation: it fails in its turn, so that what was done before it is undone. */
const never: WriteOperation = { operation: undefined };

// What is about records of several types at a time, for each who asks: batches, imports, streams, watches, the history.
describe.each(inject("engines"))("access across types on $name", (engine) => {
  let grid: AccessGrid;
  beforeAll(async () => {
    grid = await startAccessGrid(engine);
  });
  afterAll(() => grid?.close());

  const everything = recordTypes.flatMap((type) => keysThere(type).map((key) => ({ type, key })));
  const visible = (asker: Asker) => everything.filter(({ type, key }) => may(asker, "read", type.name, key));
  const texts = (items: readonly { type: RecordType; key: Key }[]) => items.map(({ type, key }) => textOf(type, key));

  describe.each(Object.entries(askers))("for %s", (name, asker) => {
    test("to batches of operations of each kind and type", async () => {
      const mayWrite = asker.role !== "reader" && asker.role !== "nobody";
      const outcomeOfBatch = (...operations: WriteOperation[]) =>
        grid
          .as(name)
          .batchWrite({ operations })
          .then(
            () => "OK",
            (error: CallError) => `${error.reason} ${error.metadata.operation}`,
          );
      const check = async (type: RecordType, place: Place) => {
        const key = keyOf(type, places[place]);
        const there = exists(type, place);
        const orphan = type.parents.some((parent) => !exists(parent, place));
        const creates = mayCreate(asker, type, key);
        const deletes =
          may(asker, "delete", type.name, key) && [type, ...type.relations].every((each) => seesAll(asker, each, key));
        const expected = (allowed: boolean, outcome: string) => (allowed ? outcome : "ACCESS_DENIED 0");
        const found = there ? "ETAG_MISMATCH 0" : "RECORD_NOT_FOUND 0";
        const create: WriteOperation = { operation: { $case: "create", value: { record: recordOf(type, key) } } };
        const gone = { key: archiveKey(type, key), etag: "another", allow_missing: false, cascade: 0 };
        const outcomes = await Promise.all([
          outcomeOfBatch(create, never),
          outcomeOfBatch(updateOf(type, key, { etag: "another" })),
          outcomeOfBatch(updateOf(type, key, { etag: "another", allow_missing: true })),
          outcomeOfBatch({ operation: { $case: "delete", value: gone } }),
        ]);
        const created = there ? "RECORD_EXISTS 0" : orphan ? "PARENT_NOT_FOUND 0" : "INVALID_FIELD 1";
        expect([type.name, place, ...outcomes]).toEqual([
          type.name,
          place,
          expected(creates, created),
          expected(may(asker, "write", type.name, key), found),
          expected(creates, "ETAG_MISMATCH 0"),
          expected(deletes, found),
        ]);
      };
      const some = ["own", "foreign", "missingWithin"] as const;
      for (const type of recordTypes) await Promise.all(some.map((place) => check(type, place)));
      if (!mayWrite) expect(await outcomeOfBatch(never)).toBe("ACCESS_DENIED 0");
    });

    test.each([
      ["refuses", OnConflict.ON_CONFLICT_FAIL],
      ["skips", OnConflict.ON_CONFLICT_SKIP],
      ["replaces", OnConflict.ON_CONFLICT_REPLACE],
    ])("to an import that %s what is there", async (_, on_conflict) => {
      const items = recordTypes.flatMap((type) =>
        placeNames.map((place) => ({ type, key: keyOf(type, places[place]), there: exists(type, place) })),
      );
      const records = items.map(({ type, key }) => recordOf(type, key));
      const answer = grid.as(name).import([records], { on_conflict, validate_only: true });
      if (asker.role === "reader" || asker.role === "nobody") {
        expect(await outcomeOf(answer)).toBe("ACCESS_DENIED");
        return;
      }
      // What comes later finds what came before.
      const present = new Set(items.flatMap(({ type, key, there }) => (there ? [textOf(type, key)] : [])));
      const refused: Record<string, string> = {};
      const fails = on_conflict === OnConflict.ON_CONFLICT_FAIL;
      let taken = 0;
      for (const [index, { type, key }] of items.entries()) {
        const isThere = present.has(textOf(type, key));
        const orphan = type.parents.some((parent) => !present.has(textOf(parent, key)));
        if (!mayCreate(asker, type, key)) refused[index] = "ACCESS_DENIED";
        // What is there as it is given counts as done, for who sees that it is.
        else if (fails && isThere && hiddenPaths(asker, type.name).length > 0) refused[index] = "RECORD_EXISTS";
        else if (!isThere && orphan) refused[index] = "PARENT_NOT_FOUND";
        else {
          present.add(textOf(type, key));
          taken++;
        }
      }
      const { refusals, counts } = await answer;
      expect(Object.fromEntries(refusals.map(({ index, reason }) => [String(index), reason]))).toEqual(refused);
      const sum = counts.reduce(
        (all, { created, replaced, unchanged, skipped }) =>
          all + Number(created) + Number(replaced) + Number(unchanged) + Number(skipped),
        0,
      );
      expect(sum).toBe(taken);
    });

    test.each(recordTypes)("to streams, counts, watches and the history below a $name", async (type) => {
      const client = grid.as(name);
      const check = async (place: "own" | "foreign" | "missing") => {
        const { key } = archiveKey(type, keyOf(type, places[place]));
        const allowed = may(asker, "read", type.name, keyOf(type, places[place]));
        const found = place === "missing" ? "RECORD_NOT_FOUND" : "OK";
        const first = async (responses: AsyncGenerator<unknown>) => {
          await responses.next();
          await responses.return(undefined);
        };
        const outcomes = await Promise.all(
          [
            first(client.stream({ key: { key } })),
            client.counts(key),
            first(client.watch({ key: { key } })),
            client.listChanges({ key: { key } }),
          ].map(outcomeOf),
        );
        expect([place, ...outcomes]).toEqual([
          place,
          ...[found, found, "OK", "OK"].map((outcome) => (allowed ? outcome : "ACCESS_DENIED")),
        ]);
      };
      await Promise.all((["own", "foreign", "missing"] as const).map(check));
    });
  });

  test("a batch of which one operation is not allowed does nothing", async () => {
    const [own, foreign] = [places.own, places.foreign].map((ids) => keyOf(recordType("Participant"), ids)) as [
      Key,
      Key,
    ];
    const type = recordType("Participant");
    const before = await grid.administrator.get("Participant", own);
    const operations = [updateOf(type, own), updateOf(type, foreign)];
    const error = await grid
      .as("participant")
      .batchWrite({ operations })
      .catch((thrown: CallError) => thrown);
    expect(error).toMatchObject({ reason: "ACCESS_DENIED", metadata: { operation: "1" } });
    expect((await grid.administrator.get("Participant", own)).etag).toBe(before.etag);
  });

  test("the log has who wrote and which records, the first ten of many, and what was not granted", async () => {
    const line = () => grid.archive.log.at(-1);
    const type = recordType("Participant");
    const key = keyOf(type, places.own);
    const operations = Array.from({ length: 12 }, () => updateOf(type, key));
    await grid.as("participant").batchWrite({ operations });
    const named = { operation: "update", type: "Participant", ...key };
    const batch = { level: "info", message: "ArchiveService/BatchWrite", principal: "participant", code: "OK" };
    expect(line()).toMatchObject({ ...batch, records: 12, keys: Array(10).fill(named) });
    const foreign = keyOf(type, places.foreign);
    const gone = { key: archiveKey(type, foreign), etag: "", allow_missing: false, cascade: 0 };
    const denied = grid.as("participant").batchWrite({ operations: [{ operation: { $case: "delete", value: gone } }] });
    expect(await outcomeOf(denied)).toBe("ACCESS_DENIED");
    const keys = [{ operation: "delete", type: "Participant", ...foreign }];
    expect(line()).toMatchObject({ level: "warn", reason: "ACCESS_DENIED", records: 1, keys });
    const imported = [key, foreign].map((each) => recordOf(type, each));
    await grid.as("participant").import([imported, imported], { validate_only: true });
    const both = [key, foreign, key, foreign].map((each) => ({ type: "Participant", ...each }));
    const all = { level: "warn", message: "ArchiveService/Import", code: "OK", records: 4, denied: 2, keys: both };
    expect(line()).toMatchObject({ ...all, principal: "participant" });
  });

  test("watches tell of what there is, and of what is done with it, and no more", async () => {
    const last = { type: recordType("Run"), key: keyOf(recordType("Run"), places.own) };
    const watches = Object.entries(askers).map(([name, asker]) => {
      const messages = grid.as(name).watch({ start: { $case: "include_existing", value: true } });
      return { name, asker, messages, changes: [] as Change[] };
    });
    const read = async (messages: AsyncGenerator<WatchResponse>) => (await messages.next()).value as WatchResponse;
    for (const { asker, messages } of watches) {
      if (asker.role === "nobody") {
        expect(await outcomeOf(messages.next())).toBe("ACCESS_DENIED");
        continue;
      }
      const existing: string[] = [];
      for (let message = await read(messages); !message.existing_complete; message = await read(messages)) {
        for (const { record } of message.existing) {
          const type = record && recordTypeOfField(record.$case);
          const value = record?.value as { key?: unknown; masked?: readonly string[] } | undefined;
          if (type) existing.push(textOf(type, value?.key as Key));
          if (type) expect(value?.masked).toEqual(expect.arrayContaining([...hiddenPaths(asker, type.name)]));
        }
      }
      expect([...existing].sort()).toEqual(texts(visible(asker)).sort());
    }
    const operations = [...everything, last].map(({ type, key }) => updateOf(type, key));
    await grid.administrator.batchWrite({ operations });
    for (const { name, asker, messages, changes } of watches) {
      if (asker.role === "nobody") continue;
      const seen = () => changes.map(({ key }) => textOfKey(key));
      while (seen().filter((text) => text === textOf(last.type, last.key)).length < 2) {
        changes.push(...(await read(messages)).changes);
      }
      await messages.return(undefined);
      expect([name, ...seen()]).toEqual([name, ...texts([...visible(asker), last])]);
      for (const { record } of changes) {
        const type = recordTypeOfField(record?.record?.$case ?? "") as RecordType;
        const shown = record?.record?.value as { readonly masked: readonly string[] } | undefined;
        expect(shown?.masked).toEqual(expect.arrayContaining([...hiddenPaths(asker, type.name)]));
      }
    }
  });

  test("the history has what was done with what there is, page by page, and of deletions what may be told", async () => {
    const gone = { ...places.own, project_id: "gone" };
    const project = recordType("Project");
    const below = recordTypes.filter((type) => type === project || project.relations.includes(type));
    await createGrid(grid.administrator, gone, below);
    const ofOthers = below.filter(({ key }) => key.includes("participant_id"));
    await createGrid(
      grid.administrator,
      { ...gone, participant_id: places.foreign.participant_id as string },
      ofOthers,
    );
    await grid.administrator.delete("Project", keyOf(project, gone));
    const all = await changesOf("administrator");
    const counts = new Map(all[0]?.deleted.map(({ record_type, count }) => [record_type, count]));
    expect(counts.get(recordType("Tag").number)).toBe(2);
    for (const [name, asker] of Object.entries(askers)) {
      if (asker.role === "nobody") {
        expect(await outcomeOf(changesOf(name))).toBe("ACCESS_DENIED");
        continue;
      }
      const listed = await changesOf(name);
      const shown = all.filter(({ key }) => {
        const chosen = key?.key;
        const type = chosen && recordTypeOfField(chosen.$case);
        return type && may(asker, "read", type.name, chosen.value as unknown as Key);
      });
      expect([name, ...listed.map(({ key }) => textOfKey(key))]).toEqual([
        name,
        ...shown.map(({ key }) => textOfKey(key)),
      ]);
      const told = [project, ...project.relations].filter((type) => seesAll(asker, type, keyOf(project, gone)));
      expect([name, listed[0]?.kind, listed[0]?.deleted]).toEqual([
        name,
        ChangeKind.CHANGE_KIND_DELETED,
        all[0]?.deleted.filter(({ record_type }) => told.some(({ number }) => number === record_type)),
      ]);
    }
  });

  /** All changes that somebody is told of, the newest first. */
  async function changesOf(name: string): Promise<Change[]> {
    const changes: Change[] = [];
    let page_token = "";
    do {
      const page = await grid.as(name).listChanges({ page_size: 50, page_token });
      changes.push(...page.changes);
      page_token = page.next_page_token;
    } while (page_token !== "");
    return changes;
  }
});
