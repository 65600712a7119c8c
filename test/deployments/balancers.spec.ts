import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kindsOfClusters, startTestCluster, type TestCluster } from "../support/cluster.js";
import { ClusterLoad } from "../support/cluster-load.js";
import { freePort } from "../support/databases.js";
import { type ServerProcess, startProcess } from "../support/process.js";
import { until } from "../support/wait.js";
import { haproxy } from "./haproxy.js";

/** How long, in seconds, a cluster may take to go on without a node, and to take it in again. */
const patience = 60;

describe.each(kindsOfClusters)("a balancer between the archive and a cluster of %s", (kind) => {
  const folder = mkdtempSync(join(tmpdir(), "archive-balancer-"));
  let cluster: TestCluster;
  let balancer: ChildProcess;
  let copies: ServerProcess[] = [];
  beforeAll(async () => {
    cluster = await startTestCluster(kind);
    await until("all nodes take part", () => cluster.isWhole(), patience);
    const writer = await cluster.writer(0);
    const admin = await createConnection({ uri: (cluster.nodes[writer] ?? "").replace("plain:plain", "app:app") });
    await admin.query("CREATE USER haproxy@'%' IDENTIFIED BY ''");
    await admin.end();
    const port = await freePort();
    let config = readFileSync("deploy/haproxy/databases.cfg", "utf8").replace("bind :3306", `bind 127.0.0.1:${port}`);
    // As the file says: of the two ways to log in, that of MySQL.
    if (kind === "Group Replication")
      config = config.replace(/( +tcp-check send-binary .*)\n(.*\n) +#(tcp-check.*)/, "$3");
    for (const [index, url] of cluster.nodes.entries()) {
      config = config.replace(`db-${index + 1}:3306`, new URL(url).host);
    }
    writeFileSync(join(folder, "haproxy.cfg"), config);
    balancer = spawn(haproxy(), ["-f", join(folder, "haproxy.cfg")], { stdio: ["ignore", "ignore", "inherit"] });
    const url = (cluster.nodes[0] ?? "").replace(new URL(cluster.nodes[0] ?? "").host, `127.0.0.1:${port}`);
    await until("the balancer has found who takes writes", () =>
      createConnection({ uri: url }).then(
        (connection) => connection.end().then(() => true),
        () => false,
      ),
    );
    for (let copy = 0; copy < 3; copy++) copies.push(await startProcess(url, ["--migrate"]));
  });
  afterAll(async () => {
    await Promise.all(copies.map((copy) => copy.end("SIGKILL")));
    copies = [];
    if (balancer && balancer.exitCode === null) {
      const ended = once(balancer, "exit");
      balancer.kill();
      await ended;
    }
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** How many connections of the archive a node has. */
  const connectionsOf = async (node: number): Promise<number> => {
    const admin = await createConnection({ uri: (cluster.nodes[node] ?? "").replace("plain:plain", "app:app") });
    try {
      const sql = "SELECT COUNT(*) AS count FROM information_schema.processlist WHERE user = 'plain'";
      const [[row]] = await admin.query<RowDataPacket[]>(sql);
      return Number(row?.count);
    } finally {
      admin.destroy();
    }
  };

  test("writes go on after a node stands still, is read-only and dies, and go back to the first that takes them", async () => {
    const load = new ClusterLoad(copies.map(({ client }) => client));
    await load.begin();
    const stalls: Record<string, number> = {};
    const goesOn = async (what: string) => {
      const { acknowledged } = load.tally;
      load.tally.stall = 0;
      await until("writes are acknowledged", () => load.tally.acknowledged > acknowledged + 25, patience);
      stalls[what] = Math.round(load.tally.stall);
    };
    const isWhole = () => until("all nodes take part", () => cluster.isWhole(), patience);
    await goesOn("before");
    const first = await cluster.writer(0);
    expect(await connectionsOf(first)).toBeGreaterThan(0);

    cluster.signal(first, "SIGSTOP");
    await goesOn("stands still");
    cluster.signal(first, "SIGCONT");
    await isWhole();
    const next = await cluster.writer(0);
    await until("connections lead to who takes writes", async () => (await connectionsOf(next)) > 0, patience);
    await goesOn("is back");

    const admin = await createConnection({ uri: (cluster.nodes[next] ?? "").replace("plain:plain", "app:app") });
    if (kind === "Galera") {
      await admin.query("SET GLOBAL read_only = ON");
      await goesOn("is read-only");
      await until("none leads to the read-only node", async () => (await connectionsOf(next)) === 0, patience);
      await admin.query("SET GLOBAL read_only = OFF");
      await until("connections lead to it again", async () => (await connectionsOf(next)) > 0, patience);
    }
    await admin.end();

    cluster.kill(await cluster.writer(0));
    await goesOn("dies");
    await load.end();
    const { unexpected, acknowledged } = load.tally;
    console.log(
      `${kind} behind HAProxy: ${acknowledged} writes, longest time without one, in ms: ${JSON.stringify(stalls)}`,
    );
    expect(Object.fromEntries(unexpected)).toEqual({});
    for (const connection of await cluster.connections()) {
      const [runs] = await connection.query<RowDataPacket[]>("SELECT run_id FROM run");
      const { lost, doubled } = load.verdict(new Set(runs.map(({ run_id: id }) => String(id))));
      expect([lost, doubled]).toEqual([[], 0]);
      await connection.end();
    }
  });
});
