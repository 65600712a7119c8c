import { ChannelCredentials, Client, status } from "@grpc/grpc-js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type FuzzedCall, fuzzedCall, patiences } from "./fuzz/requests.js";
import { createDatabase, type TestDatabase } from "./support/database.js";
import { figures } from "./support/figures.js";
import { inLanes } from "./support/lanes.js";
import { type ServerProcess, startProcess } from "./support/process.js";
import { residentMemory } from "./support/resident-memory.js";

/** How many calls are made at least, and how many of them at a time. */
const calls = (url: string | undefined) => Number(process.env.ARCHIVE_TEST_CALLS ?? (url ? 5_000 : 10_000));
const atOnce = 20;
const lanes = 2;

/** What a call may take beyond its deadline, in milliseconds. */
const grace = 1000;

/** What the server may have in memory, in MiB, whatever it is asked. */
const maxMemory = 512;

/** What no request may be answered with, whatever it holds: it would be the server's fault. */
const faults = ["INTERNAL", "UNKNOWN", "DATA_LOSS", "UNAVAILABLE", "UNIMPLEMENTED"];

describe.each(inject("engines"))("requests of any kind on $name", (engine) => {
  let database: TestDatabase;
  let server: ServerProcess;
  let client: Client;
  beforeAll(async () => {
    database = await createDatabase(engine, "memory");
    server = await startProcess(database.url, ["--migrate"]);
    client = new Client(server.address, ChannelCredentials.createInsecure());
  });
  afterAll(async () => {
    client?.close();
    await server?.end();
    await database?.drop();
  });

  /** Makes a call; resolves to the name of its status, and to how many milliseconds it took. */
  const made = ({ path, requests, patience }: FuzzedCall) =>
    new Promise<{ status: string; took: number; patience: number }>((resolve) => {
      const began = performance.now();
      const asIs = (bytes: Uint8Array) => Buffer.from(bytes);
      const call = client.makeBidiStreamRequest(path, asIs, asIs, { deadline: Date.now() + patience });
      call.on("error", () => undefined);
      call.on("status", ({ code }) =>
        resolve({ status: status[code] ?? String(code), took: performance.now() - began, patience }),
      );
      call.resume();
      for (const request of requests) call.write(request);
      call.end();
    });

  test("are answered, in time, in bounded memory, and never with a fault of the server", async () => {
    const answers: Record<string, number> = {};
    let done = 0;
    let longest = 0;
    let memory = 0;
    const run = async (batch: readonly FuzzedCall[]) => {
      const results = await Promise.all(batch.map(made));
      done += batch.length;
      for (const { status: each, took, patience } of results) {
        answers[each] = (answers[each] ?? 0) + 1;
        longest = Math.max(longest, took);
        expect(took).toBeLessThan(patience + grace);
      }
      expect(results.map((each) => each.status).filter((each) => faults.includes(each))).toEqual([]);
      expect(server.child.exitCode).toBeNull();
    };
    const batches = fc.array(fuzzedCall, { minLength: 1, maxLength: atOnce, size: "max" });
    const seed = await inLanes(
      lanes,
      () => done >= calls(engine.url),
      async (_, seed) => {
        await fc.assert(fc.asyncProperty(batches, run), { seed, numRuns: 25 });
        memory = Math.max(memory, residentMemory(server.child));
        expect(memory).toBeLessThan(maxMemory);
      },
    );
    console.log(`${engine.name}: ${done} calls, ${Math.round(memory)} MiB, seed ${seed}: ${JSON.stringify(answers)}`);
    figures({ "random calls": done, INTERNAL: answers.INTERNAL ?? 0, "longest stall ms": longest });
    // What is only refused at the door tests nothing behind it.
    expect(answers.OK).toBeGreaterThan(done / 50);
    // The server's own word: clients end by themselves at their deadline, and do not know when it does.
    const late = [...server.output().matchAll(/"code":"(?:DEADLINE_EXCEEDED|CANCELLED)".*?"ms":([\d.]+)/g)];
    for (const [line, ms] of late) expect(Number(ms), line).toBeLessThan(Math.min(...patiences) + grace);
  }, 600_000);
});
