import { createDatabase } from "../test/support/database.js";
import { type Database, openDatabase } from "./database.js";
import { type Loader, type Server, startLoader, startServer } from "./processes.js";
import { checkSameAnswers, prepareScenarios, scenarios } from "./scenarios.js";

/** What was chosen on the command line. */
export interface Choices {
  /** Only what has a name like this. */
  readonly only: RegExp;
  /** So many calls at a time; any where it is empty. */
  readonly concurrency: readonly number[];
  readonly rounds: number;
  /** How long a round of single calls takes. */
  readonly seconds: number;
  /** Only the figures that the project holds itself to. */
  readonly quick: boolean;
  readonly soakMinutes: number;
  /** How long each attack of `hostile` lasts. */
  readonly hostileSeconds: number;
  /** The checkout of another commit, or nothing. */
  readonly baseline: string;
  /** Where what servers log is written. */
  readonly folder: string;
}

/** What a section that starts servers of its own measures with. */
export interface Setting extends Choices {
  readonly url: string;
  readonly name: string;
  readonly loader: Loader;
}

/** The archive and what it is compared with, on one set of data. */
export interface Pair {
  readonly archive: Server;
  readonly floor: Server;
  readonly database: Database;
  /** Where the floor's records are: the same, unless it is another commit's server. */
  readonly floorDatabase: Database;
}

/** What sections measure with, on one database. */
export class Bench {
  /** Makes calls. */
  readonly loader: Loader = startLoader();
  /** Makes calls beside the other. */
  readonly reader: Loader = startLoader();
  #pair: Promise<Pair> | undefined;
  readonly #ends: (() => Promise<void>)[] = [];

  constructor(
    readonly url: string,
    /** The database's name and version. */
    readonly name: string,
    readonly choices: Choices,
  ) {}

  get isSqlite(): boolean {
    return this.url.startsWith("sqlite:");
  }

  /** The servers that several sections share, with the data of the scenarios; started when they are first asked for. */
  pair(): Promise<Pair> {
    this.#pair ??= this.#start();
    return this.#pair;
  }

  async #start(): Promise<Pair> {
    const { url, loader, choices } = this;
    const { baseline, folder, seconds } = choices;
    // Another commit may have another schema, so it has a database of its own.
    const other = baseline ? await databaseBeside(url) : undefined;
    if (other) this.#ends.push(other.drop);
    const archive = await startServer("archive", url, folder);
    this.#ends.push(archive.stop);
    const floor = await startServer(baseline ? "baseline" : "floor", other?.url ?? url, folder, { checkout: baseline });
    this.#ends.push(floor.stop);
    const database = openDatabase(url);
    this.#ends.push(database.close);
    const floorDatabase = other ? openDatabase(other.url) : database;
    if (other) this.#ends.push(floorDatabase.close);
    await prepareScenarios(database);
    if (other) await prepareScenarios(floorDatabase);
    else await checkSameAnswers(archive, floor);
    // What both do is compiled before it is measured.
    for (const { address } of [archive, floor]) {
      const [first] = scenarios;
      const job = { address, calls: first?.calls(0, 0) ?? [], repeat: true, concurrency: 16, connections: 4 };
      await loader.run({ ...job, seconds: 3 * seconds });
    }
    return { archive, floor, database, floorDatabase };
  }

  /** Ends all that was started, the last first. */
  async close(): Promise<void> {
    this.loader.stop();
    this.reader.stop();
    for (const end of this.#ends.reverse()) await end();
  }
}

/** An empty database beside another: on the same server, or in the same folder. */
async function databaseBeside(url: string): Promise<{ url: string; drop(): Promise<void> }> {
  if (!url.startsWith("sqlite:")) return createDatabase({ name: "baseline", url });
  return { url: `${url}-baseline`, async drop() {} };
}
