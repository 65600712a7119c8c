import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setImmediate as nextRound } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { RunDetails } from "../generated/ts/synergos/archive/v1/run.js";
import { StoredDetails } from "../src/archive/record-message.js";
import { limits } from "../src/limits.js";
import { recordType } from "../src/records/record-type.js";
import { Turns } from "../src/turns.js";
import { startArchive } from "./support/archive.js";
import { createGrid, details, ids, keyOf } from "./support/records.js";

/** Holds the event loop. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe("turns within long work", () => {
  test("are given one in a round of the event loop, in the order in which they were asked for", async () => {
    let round = 0;
    let isOver = false;
    const rounds = (async () => {
      while (!isOver) {
        await nextRound();
        round++;
      }
    })();
    const given: { who: number; round: number }[] = [];
    await Promise.all(
      Array.from({ length: 10 }, async (_, who) => {
        await new Turns().next();
        given.push({ who, round });
      }),
    );
    isOver = true;
    await rounds;
    expect(given.map(({ who }) => who)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(given.map((turn) => turn.round)).size).toBe(10);
  });

  test("that lasted long leave time for whoever asks something and needs several rounds", async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(echo, "listening");
    const socket = connect((echo.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    const order: string[] = [];
    const turn = async (name: string) => {
      await new Turns().next();
      order.push(name);
      work(2 * limits.millisecondsOfLongTurn);
    };
    const turns = [turn("first"), turn("second")];
    socket.write("x");
    const answered = once(socket, "data").then(() => order.push("answer"));
    await Promise.all([...turns, answered]);
    socket.destroy();
    echo.close();
    expect(order).toEqual(["first", "answer", "second"]);
  });

  test("are given between reading a large record of a stream, as it is stored, and encoding it: one at a time", async () => {
    const archive = await startArchive({ name: "SQLite", url: undefined });
    const { client } = archive;
    const run = recordType("Run");
    const text = "x".repeat(2 * limits.bytesOfTurn);
    await createGrid(client, ids("a"));
    for (const run_id of ["1", "2"])
      await client.create("Run", { key: { ...keyOf(run, ids("a")), run_id }, details: details("Run", { text }) });
    const done: { readonly what: string; readonly round: number }[] = [];
    let round = 0;
    let isOver = false;
    const rounds = (async () => {
      for (; !isOver; round++) await nextRound();
    })();
    const { read } = StoredDetails.prototype;
    vi.spyOn(StoredDetails.prototype, "read").mockImplementation(function (this: StoredDetails) {
      done.push({ what: "read", round });
      read.call(this);
    });
    const { encode } = RunDetails;
    vi.spyOn(RunDetails, "encode").mockImplementation((message, writer) => {
      const stored: unknown = message;
      if (stored instanceof StoredDetails && stored.record.details.length > text.length)
        done.push({ what: "encoded", round });
      return encode(message, writer);
    });
    try {
      const streamed = async () => {
        let count = 0;
        for await (const { records } of client.stream()) count += records.length;
        return count;
      };
      const [one, ...others] = await Promise.all([streamed(), streamed(), streamed()]);
      expect(others).toEqual([one, one]);
      expect(done.map(({ what }) => what)).toEqual(Array.from({ length: 6 }, () => ["read", "encoded"]).flat());
      for (const [index, { what, round }] of done.entries())
        if (what === "encoded") expect(round).toBeGreaterThan(done[index - 1]?.round as number);
    } finally {
      vi.restoreAllMocks();
      isOver = true;
      await rounds;
      await archive.close();
    }
  });
});
