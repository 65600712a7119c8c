import { ChannelCredentials, Client, status } from "@grpc/grpc-js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type FuzzedCall, fuzzedCall } from "./fuzz/requests.js";
import { startArchive, type TestArchive } from "./support/archive.js";

/** How many calls are made at least, and how many of them at a time. */
const calls = (url: string | undefined) => Number(process.env.ARCHIVE_TEST_CALLS ?? (url ? 2_500 : 5_000));
const atOnce = 20;
const deadline = 10_000;

/** What no request may be answered with, whatever it holds: it would be the server's fault. */
const faults = ["INTERNAL", "UNKNOWN", "DATA_LOSS", "UNAVAILABLE", "UNIMPLEMENTED"];

describe.each(inject("engines"))("requests of any kind on $name", (engine) => {
  let archive: TestArchive;
  let client: Client;
  beforeAll(async () => {
    archive = await startArchive(engine);
    client = new Client(archive.address, ChannelCredentials.createInsecure());
  });
  afterAll(async () => {
    client?.close();
    await archive?.close();
  });

  /** Makes a call, and resolves to the name of its status. */
  const statusOf = ({ path, requests }: FuzzedCall) =>
    new Promise<string>((resolve) => {
      const asIs = (bytes: Uint8Array) => Buffer.from(bytes);
      const call = client.makeBidiStreamRequest(path, asIs, asIs, { deadline: Date.now() + deadline });
      call.on("error", () => undefined);
      call.on("status", ({ code }) => resolve(status[code] ?? String(code)));
      call.resume();
      for (const request of requests) call.write(request);
      call.end();
    });

  test("are answered, in time, and never with a fault of the server", async () => {
    const seed = Number(process.env.ARCHIVE_TEST_SEED ?? Date.now() % 2 ** 31);
    const answers: Record<string, number> = {};
    let made = 0;
    const run = async (batch: readonly FuzzedCall[]) => {
      const began = Date.now();
      const statuses = await Promise.all(batch.map(statusOf));
      made += batch.length;
      for (const each of statuses) answers[each] = (answers[each] ?? 0) + 1;
      expect(statuses.filter((each) => faults.includes(each))).toEqual([]);
      expect(Date.now() - began).toBeLessThan(deadline + 1000);
    };
    const batches = fc.array(fuzzedCall, { minLength: 1, maxLength: atOnce, size: "max" });
    while (made < calls(engine.url)) {
      await fc.assert(fc.asyncProperty(batches, run), { seed: seed + made, numRuns: 50 });
    }
    console.log(`${engine.name}: ${made} calls, seed ${seed}: ${JSON.stringify(answers)}`);
    // What is only refused at the door tests nothing behind it.
    expect(answers.OK).toBeGreaterThan(made / 50);
  }, 600_000);
});
