import fc from "fast-check";
import { afterAll, beforeAll, describe, inject, test } from "vitest";
import { ModelDriver } from "./model/driver.js";
import { type Operation, operation } from "./model/operations.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { createDatabase } from "./support/database.js";
import { figures } from "./support/figures.js";
import { firstFailure } from "./support/first-failure.js";
import { inLanes } from "./support/lanes.js";

/** How many operations are tried at least, and how many of them follow each other at the most. One costs a server twice as much. */
const operations = (url: string | undefined) => Number(process.env.ARCHIVE_TEST_OPERATIONS ?? (url ? 5000 : 40_000));
const length = 80;

/** On a server, sequences are done at once, each in a database of its own. SQLite has nothing to wait for. */
const lanes = (url: string | undefined) => (url ? 4 : 1);

describe.each(inject("engines"))("random operations on $name", (engine) => {
  let archives: TestArchive[] = [];
  const { stackTraceLimit } = Error;
  beforeAll(async () => {
    // Every call prepares the stack of an error: a tenth of all that is done here. What fails is seen by its sequence.
    Error.stackTraceLimit = 0;
    const start = async () => {
      const database = await createDatabase(engine, "memory");
      return startArchive(engine, { poolSize: 4, database, forgets: true });
    };
    archives = await Promise.all(Array.from({ length: lanes(engine.url) }, start));
  });
  afterAll(async () => {
    Error.stackTraceLimit = stackTraceLimit;
    await Promise.all(archives.map((archive) => archive.close()));
  });

  test("are answered as the model of the hierarchy answers them", async () => {
    let done = 0;
    const said = firstFailure("operations");
    const sequences = fc.array(operation, { maxLength: length, size: "max" });
    const run = (archive: TestArchive) => async (sequence: readonly Operation[]) => {
      const driver = new ModelDriver(archive.client);
      await driver.begin();
      try {
        for (const each of sequence) await driver.perform(each);
        await driver.finish();
      } catch (error) {
        said(done + driver.operations);
        throw error;
      } finally {
        done += driver.operations;
      }
    };
    const seed = await inLanes(
      archives.length,
      () => done >= operations(engine.url),
      (lane, seed) => fc.assert(fc.asyncProperty(sequences, run(archives[lane] as TestArchive)), { seed, numRuns: 10 }),
    );
    console.log(`${engine.name}: ${done} operations, seed ${seed}`);
    figures({ operations: done });
  }, 600_000);
});
