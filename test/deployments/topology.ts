import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createConnection } from "mysql2/promise";
import { ArchiveClient } from "../support/client.js";
import { runDatabase } from "../support/databases.js";
import { type ComposeService, readCompose, readImage } from "./compose-file.js";
import { haproxy } from "./haproxy.js";

const patience = 30_000;

/**
 * The services of a Compose file as processes of this machine. Each has an address of its own on the loopback network, so
 * that it can have the ports that the file says; names are replaced by addresses wherever a service reads them.
 */
export class Topology {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly folder = mkdtempSync(join(tmpdir(), "archive-deploy-"));
  readonly #hosts = new Map<string, string>();
  readonly #children = new Map<string, ChildProcess>();
  readonly #logs = new Map<string, string>();
  readonly #clients: ArchiveClient[] = [];
  readonly #image = readImage();

  constructor(file: string) {
    this.services = readCompose(file);
    // The process's number, so that two runs are not in each other's way.
    const net = `127.${1 + (process.pid % 250)}`;
    for (const [index, name] of Object.keys(this.services).entries()) this.#hosts.set(name, `${net}.50.${index + 1}`);
  }

  service(name: string): ComposeService {
    const service = this.services[name];
    if (!service) throw new Error(`there is no service ${name}`);
    return service;
  }

  address(name: string): string {
    const address = this.#hosts.get(name);
    if (!address) throw new Error(`there is no service ${name}`);
    return address;
  }

  /** Has a name lead elsewhere: to a host and a port. */
  isAt(name: string, address: string): void {
    this.#hosts.set(name, address);
  }

  /** A text with addresses for the names of services, each with the port that it has where it is. */
  resolved(text: string): string {
    const names = [...this.#hosts.keys()].sort((one, other) => other.length - one.length).join("|");
    return text.replace(new RegExp(`(?<=[@, "]|//)(${names})(:\\d+|(?=[,/"]|$))`, "gm"), (_, name, port) => {
      const at = this.address(name);
      return at.includes(":") ? at : at + port;
    });
  }

  log(name: string): string {
    return this.#logs.get(name) ?? "";
  }

  /** Runs a service of the archive's image, as the file and the image say. */
  run(name: string): ChildProcess {
    const { command, environment, image } = this.service(name);
    if (image !== "synergos-archive") throw new Error(`${name} is of ${image}`);
    const data = join(this.folder, name);
    const all = { ...this.#image.environment, ...environment };
    const own = Object.fromEntries(
      Object.entries(all).map(([key, value]) => [
        key,
        this.resolved(String(value)).replace(/(^|:)\/data\b/, `$1${data}`),
      ]),
    );
    const parameters = command.length > 0 ? command : this.#image.command;
    mkdirSync(data, { recursive: true });
    return this.#spawn(name, process.execPath, ["dist/src/main.js", ...parameters.map((each) => this.resolved(each))], {
      ...own,
      ARCHIVE_HOST: this.address(name),
    });
  }

  /** Runs a service until it ends; fails if it does not end well. */
  async runOnce(name: string): Promise<void> {
    const [status] = await once(this.run(name), "exit");
    if (status !== 0) throw new Error(`${name} ended with ${status}:\n${this.log(name)}`);
  }

  /** Runs HAProxy by its file, on the address of the service. */
  runHaproxy(name: string): ChildProcess {
    const [source = ""] = Object.values(this.service(name).files);
    const file = join(this.folder, "haproxy.cfg");
    const text = this.resolved(readFileSync(source, "utf8")).replaceAll("bind :", `bind ${this.address(name)}:`);
    writeFileSync(file, text);
    return this.#spawn(name, haproxy(), ["-f", file], {});
  }

  /** Makes the account and the database that an image makes at its first start. */
  async prepareDatabase(url: string, name: string): Promise<void> {
    const { environment } = this.service(name);
    const of = (variable: string) => environment[`MYSQL_${variable}`] ?? environment[`MARIADB_${variable}`];
    const connection = await createConnection({ uri: url });
    await connection.query(`CREATE DATABASE ${of("DATABASE")}`);
    await connection.query(`CREATE USER ${of("USER")}@'%' IDENTIFIED BY '${of("PASSWORD")}'`);
    await connection.query(`GRANT ALL ON ${of("DATABASE")}.* TO ${of("USER")}@'%'`);
    await connection.end();
  }

  client(name: string): ArchiveClient {
    const client = new ArchiveClient(`${this.address(name)}:50051`);
    this.#clients.push(client);
    return client;
  }

  /** Asks a page until it answers with a status. */
  async page(name: string, path: string, status = 200): Promise<string> {
    for (const end = Date.now() + patience; ; await delay(50)) {
      const response = await fetch(`http://${this.address(name)}:50052${path}`).catch(() => undefined);
      if (response?.status === status) return response.text();
      if (Date.now() > end) throw new Error(`${name} does not answer ${path} with ${status}:\n${this.log(name)}`);
    }
  }

  /** Stops a service as Compose does, and waits until it has ended. */
  async stop(name: string, signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const child = this.#children.get(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, "exit");
    child.kill(signal);
    const [status] = await ended;
    return status as number | null;
  }

  async close(databases: readonly string[] = []): Promise<void> {
    for (const client of this.#clients) client.close();
    await Promise.all([...this.#children.keys()].map((name) => this.stop(name)));
    for (const database of databases) runDatabase("stop", database, "KILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(name: string, program: string, parameters: string[], environment: Record<string, string>): ChildProcess {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...environment };
    const child = spawn(program, parameters, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#children.set(name, child);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (bytes: Buffer) => this.#logs.set(name, this.log(name) + bytes.toString()));
    }
    return child;
  }
}
