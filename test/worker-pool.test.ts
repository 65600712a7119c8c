import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type WorkerEnd, WorkerPool } from "../src/process/worker-pool.js";

const size = 3;
const events = ["serves", "ends", "ends after long", "due", "stop"] as const;

/** Processes as a system has them: a slot's may be there or not, and does what comes; it ends once it is killed. */
class World {
  readonly living = new Map<number, "starting" | "serving">();
  readonly waiting = new Set<number>();
  readonly asked = new Set<number>();
  readonly killed = new Set<number>();
  readonly told: string[] = [];
  readonly pauses: number[] = [];
  /** Whether it was stopped, or its start has failed. */
  isEnding = false;
  readonly pool = new WorkerPool<WorkerEnd>(size, {
    start: (slot) => {
      expect([...this.living.keys()]).not.toContain(slot);
      expect(this.isEnding).toBe(false);
      this.waiting.delete(slot);
      this.living.set(slot, "starting");
    },
    stop: (slot) => this.asked.add(slot),
    kill: (slot) => this.killed.add(slot),
    wait: (slot, pause) => {
      this.pauses.push(pause);
      this.waiting.add(slot);
    },
    started: () => this.told.push("started"),
    failed: () => this.told.push("failed"),
    stopped: () => this.told.push("stopped"),
    lost: () => undefined,
    notReplaced: () => undefined,
    complete: () => undefined,
  });

  happens(event: (typeof events)[number], slot: number): void {
    const living = this.living.has(slot);
    if (event === "serves" && living && this.living.get(slot) === "starting") {
      this.living.set(slot, "serving");
      this.pool.serves(slot);
    } else if (event === "stop") {
      this.isEnding = true;
      this.pool.stop();
    } else if (event === "due" && this.waiting.has(slot)) {
      // A timer goes off whatever has happened meanwhile.
      this.waiting.delete(slot);
      this.pool.due(slot);
    } else if ((event === "ends" || event === "ends after long") && living) {
      this.living.delete(slot);
      this.asked.delete(slot);
      this.killed.delete(slot);
      this.isEnding ||= !this.told.includes("started");
      this.pool.ended(slot, { reason: "test", served: event === "ends" ? 5 : 60_000 });
    }
  }

  get isOver(): boolean {
    return this.told.includes("failed") || this.told.includes("stopped");
  }
}

const begun = () => {
  const world = new World();
  world.pool.start();
  return world;
};

const serving = () => {
  const world = begun();
  for (let slot = 0; slot < size; slot++) world.happens("serves", slot);
  expect(world.told).toEqual(["started"]);
  return world;
};

describe("a pool of workers", () => {
  test("forgets nothing, in whatever order things happen", () => {
    const happening = fc.tuple(fc.constantFrom(...events), fc.nat(size - 1));
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        const world = begun();
        for (const [event, slot] of happenings) {
          world.happens(event, slot);
          // Whoever lives is told of the end; until there is one, whoever is missing comes again.
          for (let each = 0; each < size; each++) {
            if (!world.living.has(each)) expect(world.isEnding || world.waiting.has(each)).toBe(true);
            else if (world.isEnding) expect(world.asked.has(each) || world.killed.has(each)).toBe(true);
          }
          expect(world.isOver && world.living.size > 0).toBe(false);
        }
        world.happens("stop", 0);
        for (let slot = 0; slot < size; slot++) world.happens("ends", slot);
        expect(world.living.size).toBe(0);
        expect(world.told.filter((each) => each !== "started")).toHaveLength(1);
      }),
      { numRuns: 5000 },
    );
  });

  test("ends whole if one of the first cannot start, with those that serve already", () => {
    const world = begun();
    world.happens("serves", 0);
    world.happens("ends", 1);
    expect([[...world.asked], [...world.killed]]).toEqual([[0], [2]]);
    world.happens("ends", 2);
    expect(world.told).toEqual([]);
    world.happens("ends", 0);
    expect(world.told).toEqual(["failed"]);
  });

  test("replaces a worker at once, and tries again after pauses that grow to a bound", () => {
    const world = serving();
    world.happens("ends after long", 1);
    expect([world.living.get(1), world.pauses]).toEqual(["starting", []]);
    for (let tries = 0; tries < 8; tries++) {
      world.happens("ends", 1);
      expect(world.living.has(1)).toBe(false);
      world.happens("due", 1);
    }
    expect(world.pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    world.happens("serves", 1);
    world.happens("ends after long", 1);
    world.happens("ends", 1);
    expect(world.pauses.at(-1)).toBe(1000);
  });

  test("does not start a worker again and again that serves and ends", () => {
    const world = serving();
    for (let tries = 0; tries < 4; tries++) {
      world.happens("ends", 1);
      world.happens("due", 1);
      world.happens("serves", 1);
    }
    expect(world.pauses).toEqual([2000, 4000, 8000]);
  });
});
