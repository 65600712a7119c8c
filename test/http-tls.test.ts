import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { Agent, request as requestByHttp1 } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256, tokenOf } from "./support/access.js";
import { certificatesIn } from "./support/certificates.js";
import { type ServerProcess, startProcess } from "./support/process.js";
import { markers } from "./support/secrets.js";

const { metricsToken } = markers;
const whoAmI = "/synergos.archive.v1.ArchiveService/WhoAmI";
const create = "/synergos.archive.v1.CollaborationService/CreateCollaboration";
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A client of one connection, which stays open. */
interface Client {
  ask(path: string, headers?: Record<string, string>, body?: string): Promise<Answer>;
  close(): void;
}

const folder = mkdtempSync(join(tmpdir(), "archive-http-tls-"));
const { file, authority, certificate, options } = certificatesIn(folder);

/** What a client trusts and shows. */
const shown = (name?: string) => ({
  ca: readFileSync(file("ca.pem")),
  servername: "localhost",
  ...(name && { cert: readFileSync(file(`${name}.pem`)), key: readFileSync(file(`${name}.key`)) }),
});

const json = { "content-type": "application/json" };

const http1 = (url: string, name?: string): Client => {
  const agent = new Agent({ ...shown(name), keepAlive: true, maxSockets: 1, ALPNProtocols: ["http/1.1"] });
  return {
    ask: (path, headers = {}, body) =>
      new Promise((resolve, reject) => {
        const method = body === undefined ? "GET" : "POST";
        const request = requestByHttp1(url + path, { agent, method, headers: { ...json, ...headers } }, (response) => {
          text(response).then((all) => resolve({ status: response.statusCode ?? 0, text: all }), reject);
        });
        request.on("error", reject);
        request.end(body);
      }),
    close: () => agent.destroy(),
  };
};

const http2 = (url: string, name?: string): Client => {
  const session = connectHttp2(url, shown(name));
  let fault: Error | undefined;
  session.on("error", (error) => {
    fault = error;
  });
  return {
    ask: (path, headers = {}, body) =>
      new Promise((resolve, reject) => {
        const method = body === undefined ? "GET" : "POST";
        const request = session.request({ ":method": method, ":path": path, ...json, ...headers });
        session.once("close", () => reject(fault ?? new Error("the connection was closed")));
        request.on("error", reject);
        request.on("response", (head) =>
          text(request).then((all) => resolve({ status: Number(head[":status"]), text: all }), reject),
        );
        request.end(body);
      }),
    close: () => session.destroy(),
  };
};

const protocols = [
  ["HTTP/1.1", http1],
  ["HTTP/2", http2],
] as const;

const urlOf = ({ url }: ServerProcess) => url.replace("http://127.0.0.1", "https://localhost");

beforeAll(() => {
  authority("ca");
  authority("evil");
  certificate("ca", "server", "server", "DNS:localhost,IP:127.0.0.1");
  certificate("ca", "heart", "heart", "URI:spiffe://grid/heart");
  certificate("evil", "forged", "heart", "URI:spiffe://grid/heart");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("HTTP by TLS, under access control,", () => {
  let server: ServerProcess;
  beforeAll(async () => {
    const grants = [{ role: "reader", scope: {} }];
    const heart = { name: "heart", certificates: [{ uri: "spiffe://grid/heart" }], grants };
    const writer = {
      name: "writer",
      tokens: [{ sha256: sha256(tokenOf("writer")) }],
      grants: [{ role: "administrator" }],
    };
    writeFileSync(file("access.yaml"), JSON.stringify({ principals: [heart, writer] }));
    server = await startProcess(`sqlite:${file("a.db")}`, [
      ...options("server"),
      ...["--tls-client-ca", file("ca.pem"), "--tls-client-auth", "optional", "--access", file("access.yaml")],
      // Longer than a test may take: what ends it must not be the end of its patience.
      ...["--http-port", "0", "--metrics-token", metricsToken, "--grace", "600000"],
    ]);
  });
  afterAll(() => server?.end("SIGKILL"));
  const open: Client[] = [];
  const connected = (connect: (url: string, name?: string) => Client, name?: string) => {
    const client = connect(urlOf(server), name);
    open.push(client);
    return client;
  };

  test("agrees on the protocol, and speaks HTTP/1.1 to who offers none", async () => {
    const { port } = new URL(server.url);
    for (const [offered, agreed] of [
      [["h2", "http/1.1"], "h2"],
      [["http/1.1"], "http/1.1"],
      [[], false],
    ] as const) {
      const socket = await new Promise<TLSSocket>((resolve, reject) => {
        const made = connectTls({ port: Number(port), ...shown(), ALPNProtocols: [...offered] }, () => resolve(made));
        made.once("error", reject);
      });
      expect([offered, socket.alpnProtocol]).toEqual([offered, agreed]);
      if (agreed !== "h2") {
        socket.write("GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
      }
      socket.destroy();
    }
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow();
  });

  test.each(protocols)("knows by %s who asks: by certificate, by token, or not", async (_, connect) => {
    const who = async (client: Client, headers = {}) => {
      const { status, text: answer } = await client.ask(whoAmI, headers, "{}");
      const { principal, details = [] } = JSON.parse(answer);
      return [status, principal ?? details[0]?.debug.reason];
    };
    const [nobody, heart, forged] = [undefined, "heart", "forged"].map((name) => connected(connect, name));
    if (!nobody || !heart || !forged) throw new Error("there are three");
    expect(await who(heart)).toEqual([200, "heart"]);
    expect(await who(nobody, bearer(tokenOf("writer")))).toEqual([200, "writer"]);
    expect(await who(nobody)).toEqual([401, "CREDENTIAL_MISSING"]);
    expect(await who(nobody, bearer("wrong"))).toEqual([401, "CREDENTIAL_INVALID"]);
    expect(await who(forged)).toEqual([401, "CREDENTIAL_INVALID"]);
    expect(await who(forged, bearer(tokenOf("writer")))).toEqual([401, "CREDENTIAL_INVALID"]);

    const record = JSON.stringify({ key: { collabId: `by ${connect.name}` } });
    expect(await heart.ask(create, {}, record)).toMatchObject({ status: 403 });
    expect(await nobody.ask(create, bearer(tokenOf("writer")), record)).toMatchObject({
      status: 200,
      text: expect.stringContaining('"createdBy":"writer"'),
    });
  });

  test.each(protocols)(
    "answers by %s who supervises, and shows its metrics for their own token alone",
    async (_, connect) => {
      const client = connected(connect);
      for (const path of ["/livez", "/readyz"]) expect(await client.ask(path)).toEqual({ status: 200, text: "ok\n" });
      for (const headers of [{}, bearer(tokenOf("writer"))])
        expect(await client.ask("/metrics", headers)).toMatchObject({ status: 401 });
      const { status, text: metrics } = await client.ask("/metrics", bearer(metricsToken));
      expect([status, metrics]).toEqual([200, expect.stringContaining("grpc_server_handled_total")]);
    },
  );

  test("does not wait for connections that nobody uses when it ends", async () => {
    expect(open.length).toBeGreaterThan(4);
    expect(await server.end()).toBe(0);
    for (const client of open) client.close();
  });
});

test("with --tls-client-ca alone, HTTP by TLS turns away who has no certificate of it", async () => {
  const required = [...options("server"), "--tls-client-ca", file("ca.pem"), "--http-port", "0"];
  const server = await startProcess(`sqlite:${file("b.db")}`, required);
  const names = [undefined, "forged", "heart"];
  const clients = protocols.flatMap(([, connect]) => names.map((name) => connect(urlOf(server), name)));
  try {
    const answers = await Promise.allSettled(clients.map((client) => client.ask("/livez")));
    const expected = ["rejected", "rejected", "fulfilled"];
    expect(answers.map(({ status }) => status)).toEqual([...expected, ...expected]);
  } finally {
    for (const client of clients) client.close();
    await server.end();
  }
});
