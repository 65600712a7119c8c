import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { connectByDatagrams, connectByStream } from "../src/telemetry/gelf-connections.js";
import { gelfMessage } from "../src/telemetry/gelf-message.js";
import { GelfSender } from "../src/telemetry/gelf-sender.js";
import { readLogTarget } from "../src/telemetry/log-target.js";
import { certificatesIn } from "./support/certificates.js";
import { ArchiveClient } from "./support/client.js";

/** What a Graylog would be: it takes messages that end with a zero byte, and can be told to behave badly. */
class FakeGraylog {
  readonly messages: Record<string, unknown>[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly onSocket: (socket: Socket) => void,
    tls?: TlsOptions,
  ) {
    const take = (socket: Socket) => this.#take(socket);
    this.#server = tls ? createTlsServer(tls, take) : createServer(take);
  }

  static async on(
    port = 0,
    onSocket: (socket: Socket) => void = () => undefined,
    tls?: TlsOptions,
  ): Promise<FakeGraylog> {
    const graylog = new FakeGraylog(onSocket, tls);
    graylog.#server.listen(port, "127.0.0.1");
    await once(graylog.#server, "listening");
    return graylog;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Waits until a connection has failed before it began, as where a client does not take the certificate. */
  async refusal(): Promise<void> {
    await once(this.#server, "tlsClientError");
  }

  resume(): void {
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket);
    let rest = "";
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      const parts = (rest + bytes.toString()).split("\0");
      rest = parts.pop() ?? "";
      for (const part of parts) this.messages.push(JSON.parse(part));
    });
    this.onSocket(socket);
  }
}

const readAuthority = (path: string) => ({ bytes: readFileSync(path) });
const senderTo = (port: number, scheme = "gelf+tcp://127.0.0.1", query = "") => {
  const target = readLogTarget(`${scheme}:${port}${query}`, readAuthority);
  return new GelfSender((signal) => connectByStream(target, signal));
};
const line = (number: number, text = "") => gelfMessage({ level: "info", message: `line ${number}`, text }, "ARC_test");
const numbers = ({ messages }: FakeGraylog) =>
  new Set(messages.map(({ short_message }) => Number(String(short_message).slice(5))));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
const graylogOn = async (port?: number, onSocket?: (socket: Socket) => void, tls?: TlsOptions) => {
  const graylog = await FakeGraylog.on(port, onSocket, tls);
  closing.push(() => graylog.close());
  return graylog;
};

test("a Graylog that is away at first gets every line, and one that closes in the midst of one only whole lines", async () => {
  const gone = await FakeGraylog.on();
  const { port } = gone;
  await gone.close();
  const sender = senderTo(port);
  for (let number = 0; number < 100; number++) sender.add(line(number));
  const graylog = await graylogOn(port);
  await expect.poll(() => numbers(graylog).size, { timeout: 20_000 }).toBe(100);
  await graylog.close();
  closing.splice(0);

  let cut = 0;
  const hasty = await graylogOn(port, (socket) => {
    if (cut === 2) return;
    socket.removeAllListeners("data");
    socket.once("readable", () => {
      socket.read(10);
      cut++;
      socket.destroy();
    });
  });
  // What the system had taken for a connection that then broke is lost, as nobody says what has come.
  let number = 100;
  const sending = setInterval(() => sender.add(line(number++)), 5);
  closing.push(() => clearInterval(sending));
  await expect.poll(() => numbers(hasty).size, { timeout: 20_000 }).toBeGreaterThan(50);
  expect(cut).toBe(2);
  expect(sender.dropped).toBe(0);
});

test("one that stalls costs bounded memory, the oldest lines are dropped and counted, and the last arrive", async () => {
  const graylog = await graylogOn(0, (socket) => socket.pause());
  const sender = senderTo(graylog.port);
  const all = 30_000;
  const text = "x".repeat(1000);
  for (let number = 0; number < all; number++) {
    sender.add(line(number, text));
    if (number % 1000 === 0) await new Promise(setImmediate);
  }
  expect(sender.dropped).toBeGreaterThan(all / 2);
  graylog.resume();
  await expect.poll(() => numbers(graylog).has(all - 1), { timeout: 20_000 }).toBe(true);
  await sender.flush(5000);
  expect(numbers(graylog).size).toBe(all - sender.dropped);
});

test("by UDP long messages go in chunks, and too long ones are counted", async () => {
  const socket = createSocket("udp4");
  const datagrams: Buffer[] = [];
  socket.on("message", (bytes) => datagrams.push(bytes));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  closing.push(() => socket.close());
  const target = readLogTarget(`gelf+udp://127.0.0.1:${socket.address().port}`, readAuthority);
  const sender = new GelfSender((signal) => connectByDatagrams(target, signal));
  sender.add(line(1));
  sender.add(line(2, "y".repeat(20_000)));
  sender.add(line(3, "z".repeat(2_000_000)));
  await expect.poll(() => datagrams.length).toBe(4);
  expect(JSON.parse(String(datagrams[0]))).toMatchObject({ version: "1.1", short_message: "line 1" });
  const chunks = datagrams.slice(1).sort((one, other) => Number(one[10]) - Number(other[10]));
  expect(chunks.map((chunk) => [chunk[0], chunk[1], chunk[10], chunk[11]])).toEqual(
    [0, 1, 2].map((at) => [0x1e, 0x0f, at, 3]),
  );
  expect(JSON.parse(Buffer.concat(chunks.map((chunk) => chunk.subarray(12))).toString()).short_message).toBe("line 2");
  await expect.poll(() => sender.dropped).toBe(1);
});

test("by TLS lines go to the Graylog that has the authority's certificate for the host, and to no other", async () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-gelf-"));
  closing.push(() => rmSync(folder, { recursive: true }));
  const { file, authority, certificate } = certificatesIn(folder);
  authority("ca");
  authority("evil");
  certificate("ca", "graylog", "graylog", "DNS:localhost,IP:127.0.0.1");
  certificate("ca", "other", "other", "DNS:other.example");
  certificate("evil", "forged", "graylog", "DNS:localhost,IP:127.0.0.1");
  const warnings: Error[] = [];
  const keep = (warning: Error) => warnings.push(warning);
  process.on("warning", keep);
  closing.push(() => process.off("warning", keep));
  const tls = (name: string) => ({ cert: readFileSync(file(`${name}.pem`)), key: readFileSync(file(`${name}.key`)) });
  for (const host of ["localhost", "127.0.0.1"]) {
    let port = 0;
    let sender: GelfSender | undefined;
    for (const name of ["other", "forged"]) {
      const wrong = await FakeGraylog.on(port, undefined, tls(name));
      port = wrong.port;
      const refused = wrong.refusal();
      sender ??= senderTo(port, `gelf+tls://${host}`, `?tls-ca=${file("ca.pem")}`);
      sender.add(line(name === "other" ? 1 : 2, "x".repeat(20_000)));
      await refused;
      expect(wrong.messages).toEqual([]);
      await wrong.close();
    }
    const graylog = await graylogOn(port, undefined, tls("graylog"));
    sender?.add(line(3));
    await expect.poll(() => [...numbers(graylog)], { timeout: 20_000 }).toEqual([1, 2, 3]);
    expect(sender?.dropped).toBe(0);
  }
  expect(warnings).toEqual([]);
});

test("the grid's flags start a server whose lines have the fields that the grid's streams match on", async () => {
  const graylog = await graylogOn();
  const folder = mkdtempSync(join(tmpdir(), "archive-gelf-"));
  const serveWith = async (...flags: string[]) => {
    const rest = ["--port", "0", "--database-url", `sqlite:${join(folder, "a.db")}`];
    const child = spawn(process.execPath, ["dist/src/main.js", ...flags, ...rest], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let text = "";
    child.stderr.on("data", (bytes) => {
      text += bytes;
    });
    await expect.poll(() => text, { timeout: 30_000 }).toMatch(/serving address=\S+:\d+/);
    const client = new ArchiveClient(`127.0.0.1:${/serving address=\S+:(\d+)/.exec(text)?.[1]}`);
    await client.create("Collaboration", { key: { collab_id: flags.join(" ") }, details: {} });
    client.close();
    child.kill();
    await once(child, "exit");
    return text;
  };
  try {
    await serveWith("--id", "ttp", "--logging_variant", "graylog", "127.0.0.1", String(graylog.port), "-d");
    const call = graylog.messages.find(({ _ID_function }) => _ID_function === "CreateCollaboration");
    expect(call).toMatchObject({
      version: "1.1",
      level: 6,
      _logger: "ARC_ttp",
      _code: "OK",
      _description: "CollaborationService/CreateCollaboration",
      _ID_path: "synergos.archive.v1",
      _ID_class: "CollaborationService",
      _collab_id: expect.stringContaining("--id ttp"),
      timestamp: expect.any(Number),
    });
    for (const message of graylog.messages) {
      for (const [name, value] of Object.entries(message)) {
        expect([name, typeof value]).toEqual([
          expect.stringMatching(/^(version|host|short_message|full_message|timestamp|level|_[\w.-]+)$/),
          expect.stringMatching(/string|number/),
        ]);
      }
      expect(message).not.toHaveProperty("_id");
    }
    // It was told of its end as well, before the process was gone.
    expect(graylog.messages.at(-1)?.short_message).toBe("stopped");
    const censored = await serveWith("-l", "basic", "-c", "-i", "secret");
    expect(censored).toContain("CollaborationService/CreateCollaboration");
    expect(censored).not.toMatch(/secret|peer=/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
