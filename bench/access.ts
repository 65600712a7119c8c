import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { View } from "../generated/ts/synergos/archive/v1/options.js";
import { RegistrationServiceService } from "../generated/ts/synergos/archive/v1/registration_service.js";
import { RunServiceService } from "../generated/ts/synergos/archive/v1/run_service.js";
import type { Setting } from "./bench.js";
import { type Comparison, compareRounds, measure } from "./compare.js";
import { fillCollaboration, fillRegistrations, id, runKeys } from "./data.js";
import { openDatabase } from "./database.js";
import type { Call } from "./load.js";
import { type Server, startServer } from "./processes.js";
import { call, create, get, nextRound } from "./scenarios.js";

/** As many scopes as a principal may have of a type of records. */
const collabs = Array.from({ length: 64 }, (_, index) => id("access", index));
const [first = ""] = collabs;
const writesOfRound = 25_000;

const reader = (collab_id: string) => ({ role: "reader", scope: { collab_id } });
const grants = {
  one: [reader(first)],
  many: collabs.map(reader),
  writer: [{ role: "orchestrator", scope: { collab_id: first } }],
};
const tokenOf = (name: keyof typeof grants) => `token-of-${name}-for-the-benchmark`;

/** An access file, in which there are so many others too. JSON is YAML. */
function accessFile(path: string, others: number): string {
  const principal = (name: string, token: string, granted: readonly object[]) => ({
    name,
    tokens: [{ sha256: createHash("sha256").update(token).digest("hex") }],
    grants: granted,
  });
  const crowd = Array.from({ length: others }, (_, index) =>
    principal(id("other", index), id("token", index), grants.one),
  );
  const asked = (["one", "many", "writer"] as const).map((name) => principal(name, tokenOf(name), grants[name]));
  writeFileSync(path, JSON.stringify({ principals: [...crowd, ...asked] }));
  return path;
}

const page = { relation_types: [], page_size: 100, page_token: "", with_total: false, filter: undefined };
const lists = {
  "list 100 runs": call(RunServiceService.listRun, { ...page, view: View.VIEW_BASIC }),
  "list 100 registrations, with fields to hide": call(RegistrationServiceService.listRegistration, {
    ...page,
    view: View.VIEW_BASIC,
  }),
};

/** Who is asked what, as whom. */
interface Way {
  readonly server: Server;
  readonly as?: keyof typeof grants;
  calls(round: number): readonly Call[];
  readonly repeat: boolean;
}

/** What it costs to know who asks: against a server that everybody may use, and against few scopes and principals. */
export async function* compareAccess(setting: Setting): AsyncGenerator<Comparison> {
  const { url, name, folder, loader, rounds, seconds, only } = setting;
  const servers: Server[] = [];
  const start = async (which: "archive" | "guarded" | "crowded", others?: number) => {
    const file = join(folder, `${which}.access.json`);
    const options = others === undefined ? [] : ["--access", accessFile(file, others)];
    const server = await startServer(which, url, folder, { options });
    servers.push(server);
    return server;
  };
  const compared = async (
    scenario: string,
    concurrency: number,
    throughput: number,
    ways: { readonly archive: Way; readonly yardstick: Way },
  ): Promise<Comparison> => {
    const round = ({ server, as, calls, repeat }: Way) =>
      measure(loader, server, {
        address: server.address,
        calls: calls(nextRound()),
        repeat,
        concurrency,
        connections: Math.min(4, concurrency),
        seconds,
        ...(as ? { authorization: `Bearer ${tokenOf(as)}` } : {}),
      });
    const { archive, yardstick } = ways;
    const measured = await compareRounds(rounds, { archive: () => round(archive), yardstick: () => round(yardstick) });
    return { scenario, database: name, concurrency, ...measured, target: { throughput } };
  };
  try {
    const [open, guarded, crowded] = [await start("archive"), await start("guarded", 7), await start("crowded", 9997)];
    const database = openDatabase(url);
    for (const collab of collabs) await fillCollaboration(database, collab, 1, 200);
    await fillRegistrations(database, first, 120);
    await database.close();
    const gets = { calls: () => runKeys(first, 0, 200).map((key) => get(key, View.VIEW_BASIC)), repeat: true };
    const creates = {
      calls: (round: number) => runKeys(first, 0, writesOfRound, 1000 + round * writesOfRound).map(create),
      repeat: false,
    };
    const by = (server: Server, as: keyof typeof grants, way: Pick<Way, "calls" | "repeat">): Way => ({
      ...way,
      server,
      as,
    });
    const scenarios = [
      // Both are sent the token: what HTTP/2 needs for a header more is not what access costs.
      ...Object.entries({ "get run, BASIC": gets, "create run": creates }).map(([scenario, way]) => ({
        scenario: `${scenario}, with a token, to access off`,
        throughput: 0.95,
        ways: { archive: by(guarded, "writer", way), yardstick: by(open, "writer", way) },
      })),
      {
        scenario: "get run, BASIC, 10,000 principals in the file to ten",
        throughput: 0.95,
        ways: { archive: by(crowded, "writer", gets), yardstick: by(guarded, "writer", gets) },
      },
      ...Object.entries(lists).map(([scenario, list]) => {
        const way = { calls: () => [list], repeat: true };
        return {
          scenario: `${scenario}, under 64 scopes to one`,
          throughput: 1 / 1.2,
          ways: { archive: by(guarded, "many", way), yardstick: by(guarded, "one", way) },
        };
      }),
    ];
    for (const { scenario, throughput, ways } of scenarios.filter(({ scenario }) => only.test(scenario))) {
      for (const concurrency of [1, 16]) yield await compared(scenario, concurrency, throughput, ways);
    }
  } finally {
    for (const server of servers) await server.stop();
  }
}
