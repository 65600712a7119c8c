import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setImmediate as nextRound } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { limits } from "../src/limits.js";
import { Turns } from "../src/turns.js";

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
});
