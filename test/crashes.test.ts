import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import type { WriteOperation } from "../generated/ts/synergos/archive/v1/archive_service.js";
import { type RecordName, recordType } from "../src/records/record-type.js";
import { unsaid } from "../src/records/unsaid.js";
import type { ArchiveClient } from "./support/client.js";
import { countTables, createDatabase, type TestDatabase } from "./support/database.js";
import { runDatabase, startDatabase } from "./support/databases.js";
import { figures } from "./support/figures.js";
import { startProcess } from "./support/process.js";
import { createGrid, details, ids, keyOf } from "./support/records.js";

/** How many records lie below the project that is deleted. */
const size = 20_000;
const grid = ids("1");
const project = keyOf(recordType("Project"), grid);

async function fill(client: ArchiveClient): Promise<void> {
  await createGrid(client, grid, recordType("Run").ancestors);
  const create = (name: RecordName, run_id: string): WriteOperation => {
    const type = recordType(name);
    const given = details(name, name === "Model" ? { global: {} } : {});
    const value = { key: { ...keyOf(type, grid), run_id }, details: given, ...unsaid };
    return { operation: { $case: "create", value: { record: { record: { $case: type.field, value } as never } } } };
  };
  for (let batch = 0; batch < size / 1000; batch++) {
    const runs = Array.from({ length: 500 }, (_, index) => `run_${batch}_${index}`);
    await client.batchWrite({
      operations: [...runs.map((id) => create("Run", id)), ...runs.map((id) => create("Model", id))],
    });
  }
}

/** Waits until a deletion has begun to delete, seen from outside; or until it has ended. */
async function deletionBegun(database: TestDatabase, ended: () => boolean): Promise<void> {
  while (!ended()) {
    const rows = await database.sql("SELECT info FROM information_schema.processlist WHERE info LIKE 'DELETE%'");
    if (rows.length > 0) return;
  }
}

const all = { Collaboration: 1, Project: 1, Experiment: 1, Run: size / 2, Model: size / 2 };
const outcomes = [all, { Collaboration: 1 }];

describe.each(inject("engines"))("kill -9 of the server in the middle of a cascade on $name", (engine) => {
  test("leaves all records or none", { timeout: 240_000 }, async () => {
    const database = await createDatabase(engine);
    let server = await startProcess(database.url, ["--migrate"]);
    try {
      await fill(server.client);
      expect(await countTables(database)).toEqual(all);
      for (let round = 0; round < 3; round++) {
        let ended = false;
        const call = server.client.delete("Project", project).then(
          () => (ended = true),
          () => (ended = true),
        );
        if (engine.url) await deletionBegun(database, () => ended);
        else await new Promise((resolve) => setTimeout(resolve, 20 + 40 * round));
        await server.end("SIGKILL");
        figures({ kills: 1 });
        await call;
        server = await startProcess(database.url);
        // A server that still rolls back holds its locks: a delete that locks the same rows comes after it.
        await server.client.delete("Project", project, { validate_only: true, allow_missing: true });
        const counts = await countTables(database);
        expect(outcomes).toContainEqual(counts);
        if (!("Project" in counts)) break;
      }
    } finally {
      await server.end();
      await database.drop();
    }
  });
});

describe.each(["mariadb", "mysql"])("kill -9 of the database in the middle of a cascade on %s", (kind) => {
  test("leaves all records or none, and the server goes on", { timeout: 240_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "archive-crash-"));
    const home = join(folder, kind);
    const { url, port } = await startDatabase(kind, home, "durable");
    const engine = { name: kind, url };
    let database = await createDatabase(engine);
    const server = await startProcess(database.url, ["--migrate"]);
    try {
      await fill(server.client);
      let ended = false;
      const call = server.client.delete("Project", project).then(
        () => (ended = true),
        (error) => {
          ended = true;
          expect(error).toMatchObject({ code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
        },
      );
      await deletionBegun(database, () => ended);
      runDatabase("stop", home, "KILL");
      figures({ kills: 1 });
      await call;
      const away = await server.client.get("Project", project).catch((error) => error);
      expect(away).toMatchObject({ code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
      await startDatabase(kind, home, "durable", port);
      const name = new URL(database.url).pathname;
      database = await createDatabase(engine);
      await database.sql(`USE \`${name.slice(1)}\``);
      expect(outcomes).toContainEqual(await countTables(database));
      // The same server, with a pool of connections that have all died, answers again.
      await server.client.update("Participant", {
        key: { participant_id: "p" },
        details: undefined,
        allow_missing: true,
      });
      await server.client.delete("Project", project, { allow_missing: true });
      expect(await countTables(database)).toEqual({ Collaboration: 1, Participant: 1 });
    } finally {
      await server.end();
      runDatabase("stop", home, "KILL");
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
