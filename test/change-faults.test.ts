import type { RowDataPacket } from "mysql2/promise";
import { afterAll, describe, expect, inject, test } from "vitest";
import { type ChangeOracle, etagsOfTables } from "./support/change-oracle.js";
import { changeStorm, withLateCommits } from "./support/change-storm.js";
import { kindsOfClusters, startTestCluster } from "./support/cluster.js";
import { createDatabase } from "./support/database.js";
import { type ServerProcess, startProcess } from "./support/process.js";
import { until } from "./support/wait.js";

/** How many writes there are in each test. `make torture` has more. */
const writes = Number(process.env.ARCHIVE_TEST_CHANGES ?? 250);

const figures = { changes: 0, kills: 0 };
afterAll(() => console.log(`figures: changes ${figures.changes}, kills ${figures.kills}`));

function check(oracles: readonly ChangeOracle[], tables: readonly string[]): void {
  for (const oracle of oracles) {
    expect(oracle.faults).toEqual([]);
    const isStorm = (line: string) => !line.startsWith("participant/");
    expect(oracle.state().filter(isStorm)).toEqual(tables.filter(isStorm));
  }
  // Each has seen all of them: they count once.
  figures.changes += Math.min(...oracles.map(({ changes }) => changes));
}

/** Several servers, each of which can be killed and started again at its port. */
async function servers(urls: readonly string[]) {
  const all: ServerProcess[] = [];
  for (const url of urls) all.push(await startProcess(url, ["--migrate"]));
  const kill = async (index: number) => {
    const { address, end } = all[index] as ServerProcess;
    await end("SIGKILL");
    figures.kills++;
    all[index] = await startProcess(urls[index] as string, ["--port", address.split(":")[1] as string]);
  };
  return { client: (copy: number) => (all[copy] as ServerProcess).client, kill, all };
}

describe.each(inject("engines"))("copies over $name of which one is killed", (engine) => {
  test("lose no change, double none and swap none", { timeout: 1_200_000 }, async () => {
    const database = await createDatabase(engine);
    const way = engine.url ? await withLateCommits(database.url) : { url: database.url, close: async () => undefined };
    const { client, kill, all } = await servers([way.url, way.url]);
    try {
      const faults = Array.from(
        { length: Math.max(2, Math.floor(writes / 2000)) },
        (_, index) => () => kill(index % 2),
      );
      const { oracles, lines } = await changeStorm({ client, copies: 2, writes, faults }, () =>
        etagsOfTables(database),
      );
      check(oracles, lines);
    } finally {
      await Promise.all(all.map(({ end }) => end("SIGKILL")));
      await way.close();
      await database.drop();
    }
  });
});

describe.each(kindsOfClusters)("copies over a cluster of %s of which a node is killed", (kind) => {
  test("lose no change, double none and swap none", { timeout: 1_200_000 }, async () => {
    const cluster = await startTestCluster(kind);
    const ways = await Promise.all(cluster.urls.map(withLateCommits));
    const { client, kill, all } = await servers(ways.map(({ url }) => url));
    try {
      await until("all nodes take part", () => cluster.isWhole(), 60);
      const node = await cluster.writer(2);
      const killNode = async () => {
        cluster.kill(node);
        figures.kills++;
      };
      const kills = Array.from({ length: Math.floor(writes / 4000) }, (_, index) => () => kill(index % 3));
      const tables = async () => {
        const [connection, ...others] = await cluster.connections();
        if (!connection) throw new Error("no node is left");
        try {
          return await etagsOfTables({ sql: async (text) => (await connection.query<RowDataPacket[]>(text))[0] });
        } finally {
          for (const each of [connection, ...others]) await each.end();
        }
      };
      const faults = [...kills, killNode];
      const { oracles, lines } = await changeStorm({ client, copies: 3, writes, faults }, tables);
      check(oracles, lines);
    } finally {
      await Promise.all(all.map(({ end }) => end("SIGKILL")));
      for (const way of ways) await way.close();
      await cluster.stop();
    }
  });
});
