import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { runDatabase, startCluster } from "./databases.js";
import { startTcpProxy } from "./tcp-proxy.js";

/** Three nodes that hold the same database, `grid`, numbered from 0. */
export interface TestCluster {
  /** Where each of three copies of the service finds the database. */
  readonly urls: readonly string[];
  /** The URL of each node by itself. */
  readonly nodes: readonly string[];
  /** The node that takes the writes; where all do, the one of that number. */
  writer(number: number): Promise<number>;
  /** Takes a node out of the cluster, while clients still reach it; and lets it in again. */
  isolate(node: number): Promise<void>;
  admit(node: number): Promise<void>;
  signal(node: number, name: "SIGSTOP" | "SIGCONT"): void;
  kill(node: number): void;
  /** Whether all nodes that were not killed take part. */
  isWhole(): Promise<boolean>;
  /** A connection to each of them that sees all that was committed anywhere. */
  connections(): Promise<Connection[]>;
  stop(): Promise<void>;
}

export const kindsOfClusters = ["Galera", "Group Replication"] as const;

interface Kind {
  readonly command: "cluster" | "group";
  readonly isolate: string;
  readonly admit: string;
  /** One row, if the node takes part: how many do that it sees. */
  readonly members: string;
  readonly upToDate: string;
}

const kinds: Readonly<Record<(typeof kindsOfClusters)[number], Kind>> = {
  Galera: {
    command: "cluster",
    isolate: "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'",
    admit: "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'",
    members:
      "SELECT variable_value AS members FROM information_schema.global_status WHERE variable_name = 'wsrep_cluster_size'" +
      " AND EXISTS (SELECT * FROM information_schema.global_status" +
      " WHERE variable_name = 'wsrep_local_state_comment' AND variable_value = 'Synced')",
    upToDate: "SET SESSION wsrep_sync_wait = 1",
  },
  // Without rights over the network a node cannot be cut off from the others alone: it leaves them, and is read-only.
  // What a node does that sees no other is a test of its own, and what the others do without it is that of SIGSTOP.
  "Group Replication": {
    command: "group",
    isolate: "STOP GROUP_REPLICATION",
    admit: "START GROUP_REPLICATION USER = 'grouped', PASSWORD = 'grouped'",
    members:
      "SELECT COUNT(*) AS members, MAX(IF(member_role = 'PRIMARY', member_port, 0)) AS writer" +
      " FROM performance_schema.replication_group_members WHERE member_state = 'ONLINE'",
    upToDate: "SET SESSION group_replication_consistency = 'BEFORE'",
  },
};

const user = "plain:plain";

/** Starts a cluster. Where one node alone takes writes, a forwarder leads to it, as a router does. */
export async function startTestCluster(name: (typeof kindsOfClusters)[number]): Promise<TestCluster> {
  const kind = kinds[name];
  const home = mkdtempSync(join(tmpdir(), "archive-cluster-"));
  const admins = await startCluster(home, kind.command);
  const ports = admins.map((url) => Number(new URL(url).port));
  const killed = new Set<number>();
  const live = () => admins.map((_, node) => node).filter((node) => !killed.has(node));
  const folder = (node: number) => join(home, String(node + 1));
  const connect = (node: number) => createConnection({ uri: admins[node] as string, connectTimeout: 1000 });
  const asked = async (node: number, sql: string, patience = 30_000): Promise<RowDataPacket | undefined> => {
    const connection = await connect(node);
    // A node that stands still takes connections, too, and the driver tells nobody of what it was destroyed in.
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`node ${node} does not answer`)), patience);
    });
    try {
      const [rows] = await Promise.race([connection.query<RowDataPacket[]>(sql), late]);
      return Array.isArray(rows) ? rows[0] : undefined;
    } finally {
      clearTimeout(timer);
      connection.destroy();
    }
  };
  const stopped = new Set<number>();
  const views = () =>
    Promise.all(
      live()
        .filter((node) => !stopped.has(node))
        .map((node) => asked(node, kind.members, 1000).catch(() => undefined)),
    );
  /** The node that most of the others say is the one to write to. */
  const primary = async () => {
    const best = (await views()).sort((one, other) => Number(other?.members ?? 0) - Number(one?.members ?? 0))[0];
    return Number(best?.members) > 1 ? ports.indexOf(Number(best?.writer)) : -1;
  };
  const setUp = await connect(0);
  for (const sql of [
    "CREATE DATABASE grid",
    "CREATE USER plain@'%' IDENTIFIED BY 'plain'",
    "GRANT ALL ON grid.* TO plain@'%'",
  ]) {
    await setUp.query(sql);
  }
  await setUp.end();
  const router = kind.command === "group" ? await startTcpProxy(ports[0] as number) : undefined;
  const closing = new AbortController();
  const following = (async () => {
    while (router && !closing.signal.aborted) {
      const node = await primary();
      if (node >= 0) router.switchTo(ports[node] as number);
      await delay(100, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  })();
  return {
    urls: ports.map((port) => `mysql://${user}@127.0.0.1:${router?.port ?? port}/grid`),
    nodes: ports.map((port) => `mysql://${user}@127.0.0.1:${port}/grid`),
    writer: async (number) => (router ? await primary() : number),
    isolate: async (node) => void (await asked(node, kind.isolate)),
    admit: async (node) => void (await asked(node, kind.admit)),
    signal(node, signal) {
      if (signal === "SIGSTOP") stopped.add(node);
      else stopped.delete(node);
      process.kill(Number(readFileSync(join(folder(node), "pid"), "utf8")), signal);
    },
    kill(node) {
      killed.add(node);
      runDatabase("stop", folder(node), "KILL");
    },
    async isWhole() {
      return (await views()).every((view) => Number(view?.members) === live().length);
    },
    connections: () =>
      Promise.all(
        live().map(async (node) => {
          const connection = await connect(node);
          await connection.query(kind.upToDate);
          await connection.query("USE grid");
          return connection;
        }),
      ),
    async stop() {
      closing.abort();
      await following;
      await router?.close();
      for (const node of live()) runDatabase("stop", folder(node), "KILL");
      rmSync(home, { recursive: true, force: true });
    },
  };
}
