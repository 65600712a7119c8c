import { readFileSync } from "node:fs";
import type { Load } from "./service/admission.js";
import type { PoolState } from "./storage/store-observer.js";

/** How often the load is measured, in milliseconds. */
const interval = 100;

/** What is too much: a lasting delay of the event loop, in milliseconds; who waits, for each connection, and at least; a share of memory. */
const tooLong = 600;
const tooMany = { forEach: 32, least: 256 };
const tooFull = 0.95;
/** The memory from which on one looks at it: a process may well have half of what it may have. */
const halfFull = 0.5;

/** Measures how much this process has to do. */
export class ProcessLoad {
  readonly #timer: NodeJS.Timeout;
  #delay = 0;
  #memory = 0;
  #expected = performance.now() + interval;

  /** `workers` share the memory, as far as it is bounded. */
  constructor(
    private readonly pools: () => readonly PoolState[],
    workers: number,
    limit: number = memoryLimit(),
  ) {
    const own = limit / workers;
    this.#timer = setInterval(() => {
      const now = performance.now();
      // One long piece of work is none; many one after the other are.
      this.#delay = 0.7 * this.#delay + 0.3 * Math.max(0, now - this.#expected);
      this.#expected = now + interval;
      if (Number.isFinite(own)) this.#memory = residentMemory() / own;
    }, interval).unref();
  }

  /** What there is most of. */
  get load(): Load {
    const loads: Load[] = [
      { cause: "delay", share: this.#delay / tooLong },
      { cause: "pool", share: Math.max(0, ...this.pools().map(shareOfPool)) },
      { cause: "memory", share: Math.max(0, (this.#memory - halfFull) / (tooFull - halfFull)) },
    ];
    return loads.reduce((most, each) => (each.share > most.share ? each : most));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Where no file more can be opened, as one must to know it, it is not known. */
function residentMemory(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

const shareOfPool = ({ waiting, most }: PoolState): number => waiting / Math.max(most * tooMany.forEach, tooMany.least);

/** The bytes that the processes of this container may have together, by the second or the first version of cgroups. */
function memoryLimit(): number {
  for (const file of ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]) {
    try {
      const limit = Number(readFileSync(file, "utf8"));
      // Where there is no limit, the first version says a number that no machine has.
      if (limit > 0 && limit < 2 ** 53) return limit;
    } catch {
      // There is no such file.
    }
  }
  return Number.POSITIVE_INFINITY;
}
