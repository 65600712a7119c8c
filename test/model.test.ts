import fc from "fast-check";
import { afterAll, beforeAll, describe, inject, test } from "vitest";
import { ModelDriver } from "./model/driver.js";
import { type Operation, operation } from "./model/operations.js";
import { startArchive, type TestArchive } from "./support/archive.js";

/** How many operations are tried at least, and how many of them follow each other at the most. */
const operations = (url: string | undefined) => Number(process.env.ARCHIVE_TEST_OPERATIONS ?? (url ? 1_500 : 4_000));
const length = 40;

describe.each(inject("engines"))("random operations on $name", (engine) => {
  let archive: TestArchive;
  beforeAll(async () => {
    archive = await startArchive(engine);
  });
  afterAll(() => archive?.close());

  test("are answered as the model of the hierarchy answers them", async () => {
    let done = 0;
    const run = async (sequence: readonly Operation[]) => {
      const driver = new ModelDriver(archive.client);
      await driver.begin();
      try {
        for (const each of sequence) await driver.perform(each);
        await driver.finish();
      } finally {
        done += driver.operations;
      }
    };
    const sequences = fc.array(operation, { maxLength: length, size: "max" });
    const seed = Number(process.env.ARCHIVE_TEST_SEED ?? Date.now() % 2 ** 31);
    while (done < operations(engine.url)) {
      await fc.assert(fc.asyncProperty(sequences, run), { seed: seed + done, numRuns: 50 });
    }
    console.log(`${engine.name}: ${done} operations, seed ${seed}`);
  }, 600_000);
});
