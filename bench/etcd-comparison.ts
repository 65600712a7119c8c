import { View } from "../generated/ts/synergos/archive/v1/options.js";
import type { Bench } from "./bench.js";
import { type Comparison, compareRounds, measure } from "./compare.js";
import { type Key, runKeys } from "./data.js";
import { put, range, startEtcd } from "./etcd.js";
import type { Call } from "./load.js";
import { create, get, mostOfRound, nextRound, writes } from "./scenarios.js";

/** A kind of call of the archive, and what etcd has for it. */
interface Counterpart {
  readonly name: string;
  archive(key: Key): Call;
  etcd(key: Key): Call;
  /** The keys that a round may use; each only once, where it cannot be made again. */
  keys(round: number, most: number): Key[];
  readonly repeat: boolean;
  /** What is asked for at 64 calls at a time on SQLite, which as etcd does makes each write durable by itself. */
  readonly share: number;
}

const path = (key: Key) => Object.values(key).join("/");

/** The bytes that the archive is sent: the key and the details. */
const value = (key: Key): Uint8Array => create(key).body.subarray(5);

const read = runKeys("lists", 0, 1000);

const counterparts: readonly Counterpart[] = [
  {
    name: "get run, to Range of etcd",
    archive: (key) => get(key, View.VIEW_BASIC),
    etcd: (key) => range(path(key)),
    keys: () => read,
    repeat: true,
    share: 0.7,
  },
  {
    name: "create run, to Put of etcd",
    archive: create,
    etcd: (key) => put(path(key), value(key)),
    keys: (round, most) => runKeys(writes, 4, most, round * most),
    repeat: false,
    share: 0.4,
  },
];

/** Compares the archive with one node of etcd, by the same load and about the same bytes. Says so where there is none. */
export async function* compareEtcd(bench: Bench, notes: string[]): AsyncGenerator<Comparison> {
  const { name, isSqlite, loader, choices } = bench;
  const { only, rounds, seconds, quick, concurrency: chosen } = choices;
  // What it is asked for is asked on the embedded database.
  if (quick && !isSqlite) return;
  const etcd = await startEtcd().catch((error: Error) => {
    notes.push(`Not measured against etcd on ${name}, as it could not be started: ${error.message.split("\n")[0]}`);
    return undefined;
  });
  if (!etcd) return;
  try {
    const { archive } = await bench.pair();
    const put1000 = { address: etcd.address, calls: read.map((key) => put(path(key), value(key))), repeat: false };
    await measure(loader, undefined, { ...put1000, concurrency: 64, connections: 4, seconds: 60 });
    const most = mostOfRound(seconds);
    for (const counterpart of counterparts.filter((each) => only.test(each.name))) {
      for (const concurrency of quick ? [64] : [1, 16, 64]) {
        if (chosen.length > 0 && !chosen.includes(concurrency)) continue;
        const job = { repeat: counterpart.repeat, concurrency, connections: Math.min(4, concurrency), seconds };
        const keys = () => counterpart.keys(nextRound(), most);
        yield {
          scenario: `${counterpart.name} ${etcd.version}`,
          database: name,
          concurrency,
          ...(await compareRounds(rounds, {
            archive: () =>
              measure(loader, archive, { ...job, address: archive.address, calls: keys().map(counterpart.archive) }),
            yardstick: () =>
              measure(loader, undefined, { ...job, address: etcd.address, calls: keys().map(counterpart.etcd) }),
          })),
          ...(isSqlite && concurrency === 64 ? { target: { throughput: counterpart.share } } : {}),
        };
      }
    }
  } finally {
    etcd.stop();
  }
}
