import type { Knex } from "knex";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CallContext } from "../src/call-context.js";
import { Places } from "../src/places.js";
import type { Engine } from "../src/storage/engine.js";
import { Leases } from "../src/storage/leases.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

// Where a database stands still, a call that waited for a place and then for a connection took twice the time.
test("who waited for a place to write waits for a connection for the rest of the time alone", async () => {
  const places = new Places(1, 100, () => new Error("too late"));
  await places.take(new CallContext());
  let connect = (_: string) => {};
  const given: unknown[] = [];
  const client = {
    acquireConnection: () => new Promise((resolve) => (connect = resolve)),
    releaseConnection: async (connection: unknown) => given.push(connection),
  };
  // As much of a pool and an engine as one needs who gets no connection.
  const pool = { client } as unknown as Knex;
  const leases = new Leases({ translate: (error: unknown) => error } as Engine);
  let failure: unknown;
  leases.take(pool, new CallContext(), places).catch((error: unknown) => {
    failure = error;
  });
  await vi.advanceTimersByTimeAsync(60);
  places.give();
  await vi.advanceTimersByTimeAsync(39);
  expect(failure).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(failure).toEqual(new Error("too late"));
  connect("one");
  await vi.advanceTimersByTimeAsync(0);
  expect(given).toEqual(["one"]);
  expect(await places.take(new CallContext())).toBe(0);
});
