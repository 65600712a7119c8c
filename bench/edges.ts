import { createServer as createHttp } from "node:http";
import { type AddressInfo, createServer as createTcp } from "node:net";
import { View } from "../generated/ts/synergos/archive/v1/options.js";
import { createDatabase } from "../test/support/database.js";
import type { Setting } from "./bench.js";
import { type Comparison, compareRounds, measure } from "./compare.js";
import { fillCollaboration, runKeys } from "./data.js";
import { openDatabase } from "./database.js";
import type { Call } from "./load.js";
import { type Server, startServer } from "./processes.js";
import { create, get, list, nextRound } from "./scenarios.js";

const concurrency = 16;

/**
 * How many servers of each kind take turns: two of one kind that were started one after the other differ by up to a tenth,
 * by what Node has compiled of each.
 */
const instances = 4;

/** How many rounds of each server do not count: what Node has not compiled yet takes twice the time. */
const warmings = 4;

/** How many creates a round has at hand: more than it will make. */
const writesOfRound = 20_000;

/** What is called. */
interface Kind {
  readonly name: string;
  calls(): readonly Call[];
  readonly repeat: boolean;
}

/** A way to serve or to call, against another. */
interface Pair {
  readonly name: string;
  readonly target: number;
  archive(kind: Kind): ReturnType<typeof measure>;
  yardstick(kind: Kind): ReturnType<typeof measure>;
}

/** Compares Connect with gRPC, and a server that is watched over with one that is not, in alternating rounds. */
export async function* compareEdges(setting: Setting): AsyncGenerator<Comparison> {
  const { url, name, folder, loader, rounds, seconds, only } = setting;
  const collector = createHttp((request, response) => void request.resume().on("end", () => response.end()));
  const graylog = createTcp((socket) => void socket.on("error", () => undefined).resume());
  const stops: (() => Promise<void>)[] = [];
  // Each with a database of its own, as an embedded one is one process's.
  const start = async (kind: string, options: readonly string[] = [], environment = {}) => {
    const servers: Server[] = [];
    while (servers.length < instances) {
      servers.push(await startOne(`${kind}${servers.length}`, options, environment));
    }
    return servers;
  };
  const startOne = async (log: string, options: readonly string[], environment: object) => {
    const home = url.startsWith("sqlite:")
      ? { url: `${url}-${log}`, async drop() {} }
      : await createDatabase({ name: log, url });
    const server = await startServer("archive", home.url, folder, { log, options, environment });
    stops.push(async () => {
      await server.stop();
      await home.drop();
    });
    const database = openDatabase(home.url);
    await fillCollaboration(database, "lists", 1, 1000);
    await fillCollaboration(database, "writes", 1, 0);
    await database.close();
    return server;
  };
  try {
    const traces = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await portOf(collector)}`,
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.01",
    };
    // Of their own: who has served HTTP/1.1 is slower for gRPC, too.
    const edges = await start("edges", ["--http-port=0"]);
    const measured = await start("measured", ["--http-port=0"], traces);
    const logged = await start("logged", [`--log-target=gelf+tcp://127.0.0.1:${await portOf(graylog)}`]);
    // Not the same for both: who has answered more calls is faster, by up to a twelfth.
    const unmeasured = await start("unmeasured");
    const unlogged = await start("unlogged");
    // Of a pair, each round of both is of servers of the same number.
    const inTurn = (servers: readonly Server[], round: (server: Server, kind: Kind) => ReturnType<typeof measure>) => {
      let turn = 0;
      return (kind: Kind) => round(servers[turn++ % instances] as Server, kind);
    };
    const grpc = (servers: readonly Server[]) =>
      inTurn(servers, (server, kind) => one(server, kind, { address: server.address }));
    const connect = (http2: boolean) =>
      inTurn(edges, (server, kind) => {
        const calls = () => kind.calls().map(overConnect);
        return one(server, { ...kind, calls }, { address: server.http ?? "", http2 });
      });
    const one = (server: Server, { calls, repeat }: Kind, way: { address: string; http2?: boolean }) =>
      measure(loader, server, { ...way, calls: calls(), repeat, concurrency, connections: 4, seconds });
    const pairs: readonly Pair[] = [
      { name: "Connect by HTTP/2, against gRPC", target: 0.7, archive: connect(true), yardstick: grpc(edges) },
      { name: "Connect by HTTP/1.1, against gRPC", target: 0.7, archive: connect(false), yardstick: grpc(edges) },
      { name: "metrics, and traces of 1%", target: 0.97, archive: grpc(measured), yardstick: grpc(unmeasured) },
      { name: "a log to a Graylog", target: 0.97, archive: grpc(logged), yardstick: grpc(unlogged) },
    ];
    for (let turn = 0; turn < instances * warmings; turn++) {
      for (const { name: way, archive, yardstick } of pairs) {
        for (const kind of kinds.filter((each) => only.test(`${each.name}: ${way}`))) {
          await archive(kind);
          await yardstick(kind);
        }
      }
    }
    for (const { name: way, target, archive, yardstick } of pairs) {
      for (const kind of kinds) {
        const scenario = `${kind.name}: ${way}`;
        if (!only.test(scenario)) continue;
        yield {
          scenario,
          database: name,
          concurrency,
          ...(await compareRounds(rounds, { archive: () => archive(kind), yardstick: () => yardstick(kind) })),
          target: { throughput: target },
        };
      }
    }
  } finally {
    for (const stop of stops) await stop();
    collector.close();
    graylog.close();
  }
}

const kinds: readonly Kind[] = [
  { name: "get run", calls: () => runKeys("lists", 0, 1000).map((key) => get(key, View.VIEW_BASIC)), repeat: true },
  {
    name: "create run",
    calls: () => runKeys("writes", 0, writesOfRound, nextRound() * writesOfRound).map(create),
    repeat: false,
  },
  { name: "list 100 runs", calls: () => [list], repeat: true },
];

/** The same call as Connect has it: the message without a frame. */
const overConnect = ({ path, body }: Call): Call => ({
  path,
  body: body.subarray(5),
  method: "POST",
  contentType: "application/proto",
});

const portOf = (server: ReturnType<typeof createHttp | typeof createTcp>): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
