import { describe, expect, inject, test } from "vitest";
import type { WatchResponse } from "../generated/ts/synergos/archive/v1/change.js";
import { recordType, recordTypes } from "../src/records/record-type.js";
import { type ArchiveClient, CallError } from "./support/client.js";
import { copyTables } from "./support/copy-tables.js";
import { countOrphans, countTables, createDatabase } from "./support/database.js";
import { output, startProcess } from "./support/process.js";
import { createGrid, ids, keyOf, View } from "./support/records.js";

type WatchRequest = Parameters<ArchiveClient["watch"]>[0];

/** The first message of a watch that is one. */
async function first(
  client: ArchiveClient,
  request: WatchRequest,
  isOne: (response: WatchResponse) => boolean = () => true,
): Promise<WatchResponse> {
  for await (const response of client.watch(request)) if (isOne(response)) return response;
  throw new Error("the watch ended");
}

const since = (token: string): WatchRequest => ({ start: { $case: "resume_token", value: token } });
const refusal = (client: ArchiveClient, token: string) =>
  first(client, since(token)).then(
    () => "none",
    (error: unknown) => (error instanceof CallError ? `${error.code} ${error.reason}` : String(error)),
  );

describe.each(inject("engines"))("a backup on $name", (engine) => {
  test("made under load comes back whole, without orphans, and takes no token of before", async () => {
    const lost = await createDatabase(engine);
    const restored = await createDatabase(engine);
    const server = await startProcess(lost.url, engine.url ? ["--migrate"] : []);
    const { client } = server;
    let writing = true;
    let writers: Promise<void>[] = [];
    try {
      await createGrid(client, ids("kept"));
      const token = (await first(client, {})).resume_token;
      let written = 0;
      writers = Array.from({ length: 2 }, async (_, writer) => {
        // Each grid goes again in every second round: a copy of several moments would have some of its records.
        for (let round = 0; writing; round++) {
          const grid = ids(`${writer}-${round}`);
          await createGrid(client, grid);
          if (round % 2) await client.delete("Collaboration", keyOf(recordType("Collaboration"), grid));
          written++;
        }
      });
      await expect.poll(() => written, { timeout: 20_000 }).toBeGreaterThan(4);
      if (engine.url) await copyTables(lost.url, restored.url);
      else {
        const file = restored.url.slice("sqlite:".length);
        expect(await output(["backup", file, "--database-url", lost.url])).toMatchObject({ status: 0 });
      }
      const atBackup = written;
      await expect.poll(() => written, { timeout: 20_000 }).toBeGreaterThan(atBackup + 2);
      writing = false;
      await Promise.all(writers);
      const tokenOfLost = (await first(client, {})).resume_token;
      expect(await server.end("SIGKILL")).toBe("SIGKILL");

      const migrated = await output(["migrate", "--new-history", "--database-url", restored.url]);
      expect(migrated).toMatchObject({ status: 0, text: expect.stringContaining("history: a new one has begun") });
      const counts = await countTables(restored);
      // Participants are never deleted here: there are more of them in what was lost.
      expect(counts.Participant).toBeGreaterThan(4);
      expect(counts.Participant).toBeLessThan((await countTables(lost)).Participant ?? 0);
      for (const type of recordTypes) expect([type.name, await countOrphans(restored, type)]).toEqual([type.name, 0]);

      const again = await startProcess(restored.url);
      try {
        for (const old of [token, tokenOfLost])
          expect(await refusal(again.client, old)).toBe("OUT_OF_RANGE HISTORY_CHANGED");
        expect(await again.client.counts()).toEqual(counts);
        const key = keyOf(recordType("Collaboration"), ids("kept"));
        expect((await again.client.get("Collaboration", key, { view: View.VIEW_FULL })).key).toEqual(key);
        // Who begins anew is told of what is written from now on.
        const begun = await first(again.client, {});
        await createGrid(again.client, ids("after"));
        const next = await first(again.client, since(begun.resume_token), ({ changes }) => changes.length > 0);
        expect(next.changes[0]?.key?.key).toMatchObject({ $case: recordTypes[0]?.field });
      } finally {
        await again.end();
      }
    } finally {
      writing = false;
      await Promise.allSettled(writers);
      await server.end("SIGKILL");
      await lost.drop();
      await restored.drop();
    }
  });
});
