import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordTypes } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { CallError } from "./support/client.js";
import { kindsOfClusters, startTestCluster, type TestCluster } from "./support/cluster.js";
import { ClusterLoad } from "./support/cluster-load.js";
import { countOrphans } from "./support/database.js";
import { type ServerProcess, startProcess } from "./support/process.js";
import { someDetails, View } from "./support/records.js";
import { until } from "./support/wait.js";

/** How often a node is isolated and one stopped before one is killed. */
const rounds = Number(process.env.ARCHIVE_TEST_CLUSTER_ROUNDS ?? 1);

/** How long, in seconds, a cluster may take to go on without a node, and to take it in again. */
const patience = 60;

/** Has each copy know all nodes where they are reached by themselves, each beginning with another one. */
const withAllNodes = (urls: readonly string[]): string[] =>
  urls.map((url, index) => {
    const hosts = [...urls.slice(index), ...urls.slice(0, index)].map((each) => new URL(each).host);
    return url.replace(new URL(url).host, [...new Set(hosts)].join(","));
  });

describe.each(kindsOfClusters)("three copies over a cluster of %s", (kind) => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startTestCluster(kind);
    // One that is stopped while it joins keeps the others from finding out that it is gone.
    await until("all nodes take part", () => cluster.isWhole(), patience);
  });
  afterAll(() => cluster?.stop());

  test("a node without its cluster's majority is unavailable, and says so; with it, all goes on", async () => {
    const [url] = cluster.urls as [string];
    const database = { url, sql: async () => [], drop: async () => undefined };
    // Making tables can take longer than the short bounds below.
    await (await startArchive({ name: kind, url }, { database })).close();
    const archive = await startArchive({ name: kind, url }, { database, standstill: { late: 300, patience: 500 } });
    const key = { participant_id: "one" };
    const read = () => archive.client.get("Participant", key, { view: View.VIEW_BASIC });
    const write = () => archive.client.update("Participant", { key, details: undefined, allow_missing: true });
    const succeeds = (call: () => Promise<unknown>) => () =>
      call().then(
        () => true,
        () => false,
      );
    const node = await cluster.writer(0);
    const others = [0, 1, 2].filter((other) => other !== node);
    try {
      await write();
      for (const other of others) cluster.signal(other, "SIGSTOP");
      // What others may have written since, this node cannot know; Galera takes some seconds to find out.
      const refused = (call: () => Promise<unknown>) => async () => {
        const error = await call().catch((error: unknown) => error);
        if (!(error instanceof CallError)) return false;
        expect(["DATABASE_UNAVAILABLE", "CONFLICT"]).toContain(error.reason);
        return error.reason === "DATABASE_UNAVAILABLE";
      };
      await Promise.all([
        until("writes are refused", refused(write), patience),
        until("reads are refused", refused(read), patience),
      ]);
      const serves = succeeds(() => archive.store.check());
      await until("health says so", async () => !(await serves()), patience);
      for (const other of others) cluster.signal(other, "SIGCONT");
      await until(
        "the cluster has its majority again",
        async () => (await cluster.writer(node)) >= 0 && cluster.isWhole(),
        patience,
      );
      const returned = performance.now();
      await until("writes succeed", succeeds(write), patience);
      await until("reads succeed", succeeds(read));
      await until("health says so", serves);
      console.log(`figures: longest return ms ${Math.round(performance.now() - returned)}`);
    } finally {
      for (const other of others) cluster.signal(other, "SIGCONT");
      await archive.close();
    }
    await until("all nodes take part", () => cluster.isWhole(), patience);
  }, 180_000);

  test("what is acknowledged is there, and in the history, where two nodes write the same", async () => {
    const archives: TestArchive[] = [];
    try {
      for (const url of withAllNodes(cluster.urls).slice(0, 2)) {
        const database = { url, sql: async () => [], drop: async () => undefined };
        archives.push(await startArchive({ name: kind, url }, { database }));
      }
      const key = { collab_id: "contended" };
      const [first] = archives as [TestArchive];
      const root = await first.client.update("Collaboration", { key, details: undefined, allow_missing: true });
      const updated = [root.etag];
      const created: string[] = [];
      /** What was acknowledged; what met a conflict was not. */
      const write = async (etags: string[], call: Promise<{ readonly etag: string }>) => {
        try {
          etags.push((await call).etag);
        } catch (error) {
          if (!(error instanceof CallError) || error.reason !== "CONFLICT") throw error;
        }
      };
      const lane = async ({ client }: TestArchive, name: string) => {
        for (let number = 0; number < 50; number++) {
          const project = { key: { ...key, project_id: `${name}-${number}` }, details: someDetails("Project") };
          await write(created, client.create("Project", project));
          const details = { catalogue: { host: `${name}-${number}` } };
          await write(updated, client.update("Collaboration", { key, details }));
        }
      };
      await Promise.all(
        archives.flatMap((archive, copy) => [0, 1, 2, 3].map((each) => lane(archive, `${copy}-${each}`))),
      );
      for (const connection of await cluster.connections()) {
        const etags = async (table: string) => {
          const [rows] = await connection.query<RowDataPacket[]>(
            `SELECT etag FROM ${table} WHERE collab_id = 'contended'`,
          );
          return rows.map(({ etag }) => String(etag));
        };
        expect((await etags("project")).sort()).toEqual(created.sort());
        expect(updated).toContain((await etags("collaboration"))[0]);
        await connection.end();
      }
      const filter = { key: { key: { $case: "collaboration" as const, value: key } }, page_size: 1000 };
      const { changes } = await first.client.listChanges(filter);
      expect(changes.map(({ etag }) => etag).sort()).toEqual([...created, ...updated].sort());
    } finally {
      await Promise.all(archives.map((archive) => archive.close()));
    }
  }, 120_000);

  test("lose and double nothing while a node is isolated, one stopped and one killed", async () => {
    const copies: ServerProcess[] = [];
    const figures = { kills: 0, stops: 0, isolations: 0, lost: 0, doubled: 0, orphans: 0, INTERNAL: 0 };
    try {
      for (const url of withAllNodes(cluster.urls)) copies.push(await startProcess(url, ["--migrate"]));
      const load = new ClusterLoad(copies.map(({ client }) => client));
      await load.begin();
      /** How long writes take to go on after what was done to a node, and the longest that there was none, in milliseconds. */
      const stalls: Record<string, number[]> = {};
      let stall = 0;
      const goesOn = async (what: string) => {
        const before = load.tally.acknowledged;
        await until("writes are acknowledged", () => load.tally.acknowledged > before + 25, patience);
        stalls[what] = [...(stalls[what] ?? []), Math.round(load.tally.stall)];
        stall = Math.max(stall, load.tally.stall);
        load.tally.stall = 0;
      };
      const isWhole = () => until("all nodes take part", () => cluster.isWhole(), patience);
      await goesOn("begun");
      for (let round = 0; round < rounds; round++) {
        const isolated = await cluster.writer(round % 3);
        await cluster.isolate(isolated);
        figures.isolations++;
        await goesOn("isolated");
        await cluster.admit(isolated);
        await isWhole();
        await goesOn("admitted");
        const stopped = await cluster.writer((round + 1) % 3);
        cluster.signal(stopped, "SIGSTOP");
        figures.stops++;
        await goesOn("stopped");
        cluster.signal(stopped, "SIGCONT");
        await isWhole();
        await goesOn("continued");
      }
      cluster.kill(await cluster.writer(2));
      figures.kills++;
      await goesOn("killed");
      await load.end();
      await isWhole();
      for (const connection of await cluster.connections()) {
        const sql = async (text: string) => (await connection.query(text))[0] as Record<string, unknown>[];
        const database = { url: "", sql, drop: async () => undefined };
        for (const type of recordTypes) figures.orphans += await countOrphans(database, type);
        const runs = await sql("SELECT run_id FROM run");
        const { lost, doubled } = load.verdict(new Set(runs.map(({ run_id: id }) => String(id))));
        figures.lost += lost.length;
        figures.doubled += doubled;
        await connection.end();
      }
      const { unexpected, acknowledged, longest } = load.tally;
      for (const [what, count] of unexpected) if (what.includes("INTERNAL")) figures.INTERNAL += count;
      console.log(
        `${kind}: ${acknowledged} writes were acknowledged; the longest without one, in ms: ${JSON.stringify(stalls)}`,
      );
      const parts = Object.entries(figures).map(([name, count]) => `${name} ${count}`);
      console.log(
        `figures: ${parts.join(", ")}, longest stall ms ${Math.round(stall)}, longest call ms ${Math.round(longest)}`,
      );
      const internal = copies.flatMap((copy) =>
        copy
          .output()
          .split("\n")
          .filter((line) => line.includes("INTERNAL")),
      );
      expect({ ...Object.fromEntries(unexpected), internal: internal.slice(0, 5) }).toEqual({ internal: [] });
      expect(figures).toMatchObject({ lost: 0, doubled: 0, orphans: 0, INTERNAL: 0 });
    } finally {
      await Promise.all(copies.map((copy) => copy.end("SIGKILL")));
    }
  }, 300_000);
});
