import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { ChannelCredentials } from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";
import { parse } from "yaml";
import { ArchiveClient, CallError } from "../support/client.js";
import { freePort, runDatabase, startCluster, startDatabase } from "../support/databases.js";
import { until } from "../support/wait.js";
import { Topology } from "./topology.js";

let close: (() => Promise<unknown>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

const key = { collab_id: "grid" };
const create = (client: ArchiveClient, id = key.collab_id) =>
  client.create("Collaboration", { key: { collab_id: id }, details: {} });

/** Reads what Prometheus would read, by its own file: every target must have the archive's metrics. */
async function scrape(topology: Topology): Promise<number> {
  const file = topology.service("prometheus").files["/etc/prometheus/prometheus.yml"] ?? "";
  const { scrape_configs: jobs } = parse(readFileSync(file, "utf8")) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  const targets = jobs.flatMap(({ static_configs: configs }) => configs.flatMap(({ targets }) => targets));
  for (const target of targets) {
    const [name = "", port] = target.split(":");
    expect(port).toBe("50052");
    expect(await topology.page(name, "/metrics")).toContain("archive_serving 1");
  }
  return targets.length;
}

test("basic: an archive beside a TTP keeps its records when it starts anew", async () => {
  const topology = new Topology("deploy/basic/compose.yaml");
  close = () => topology.close();
  topology.run("archive");
  await topology.page("archive", "/readyz");
  await create(topology.client("archive"));
  expect(await topology.stop("archive")).toBe(0);
  topology.run("archive");
  await topology.page("archive", "/readyz");
  expect((await topology.client("archive").get("Collaboration", key)).key).toEqual(key);
  expect(topology.log("archive")).toContain("CollaborationService");
});

test("plus: it is on MySQL, its lines arrive in Graylog, its metrics are where Prometheus looks", async () => {
  const topology = new Topology("deploy/plus/compose.yaml");
  const database = join(topology.folder, "database");
  const lines: string[] = [];
  const graylog: Server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => lines.push(bytes.toString()));
  });
  close = async () => {
    await topology.close([database]);
    graylog.close();
  };
  graylog.listen(12201, topology.address("graylog"));
  await once(graylog, "listening");
  const { url, port } = await startDatabase("mysql", database, "fast", await freePort());
  topology.isAt("mysql", `127.0.0.1:${port}`);
  await topology.prepareDatabase(url, "mysql");
  await topology.runOnce("migrate");
  topology.run("archive");
  await topology.page("archive", "/readyz");
  await create(topology.client("archive"));
  expect(await scrape(topology)).toBe(1);
  await until("Graylog has the call", () => lines.join("").includes('"_ID_class":"CollaborationService"'));
  expect(lines.join("")).toContain('"_logger":"ARC_director"');
});

test("cluster: calls go on through the balancer while an archive stops, one dies and a node of the database dies", async () => {
  const topology = new Topology("deploy/cluster/compose.yaml");
  const home = join(topology.folder, "databases");
  const nodes = [1, 2, 3].map((node) => join(home, String(node)));
  close = () => topology.close(nodes);
  const urls = await startCluster(home);
  for (const [index, url] of urls.entries()) topology.isAt(`db-${index + 1}`, new URL(url).host);
  await topology.prepareDatabase(urls[0] as string, "db-1");
  await topology.runOnce("migrate");
  const archives = ["archive-1", "archive-2", "archive-3"];
  for (const name of archives) topology.run(name);
  for (const name of archives) await topology.page(name, "/readyz");
  topology.runHaproxy("balancer");
  await topology.page("balancer", "/readyz");
  expect(await scrape(topology)).toBe(3);

  const clients = archives.map(
    () =>
      new ArchiveClient(`${topology.address("balancer")}:50051`, ChannelCredentials.createInsecure(), {
        "grpc.use_local_subchannel_pool": 1,
      }),
  );
  let number = 0;
  /** Every client has a write acknowledged; what it was told before could be tried again. */
  const goesOn = async () => {
    for (const client of clients) {
      const id = `c${number++}`;
      await until("a write is acknowledged", async () => {
        try {
          await create(client, id);
          return true;
        } catch (error) {
          if (!(error instanceof CallError)) throw error;
          if (error.reason === "RECORD_EXISTS") return true;
          expect(["UNAVAILABLE", "ABORTED", "DEADLINE_EXCEEDED"]).toContain(error.code);
          return false;
        }
      });
    }
  };
  try {
    await goesOn();
    // Each connection goes to the archive that has the fewest.
    for (const name of archives) expect(topology.log(name)).toContain("CreateCollaboration");
    expect(await topology.stop("archive-1")).toBe(0);
    await goesOn();
    await topology.stop("archive-2", "SIGKILL");
    await goesOn();
    topology.run("archive-1");
    await topology.page("archive-1", "/readyz");
    await topology.stop("archive-3", "SIGKILL");
    await goesOn();
    runDatabase("stop", nodes[0] as string, "KILL");
    await goesOn();
    const total = (await clients[0]?.list("Collaboration", { with_total: true }))?.total_size;
    expect(total).toBe(number);
  } finally {
    for (const client of clients) client.close();
  }
});
