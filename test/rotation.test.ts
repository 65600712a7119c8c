import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { ChannelCredentials } from "@grpc/grpc-js";
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sha256, tokenOf } from "./support/access.js";
import { outcomeOf } from "./support/access-grid.js";
import { certificatesIn } from "./support/certificates.js";
import { ArchiveClient, type CallError } from "./support/client.js";
import { figures } from "./support/figures.js";
import { type ServerProcess, startProcess } from "./support/process.js";
import { until } from "./support/wait.js";

const issuer = "https://login.example.org";
const audience = "archive";
const folder = mkdtempSync(join(tmpdir(), "rotation-"));
const { file, authority, certificate, options } = certificatesIn(folder);
const pem = (...names: string[]) => Buffer.concat(names.map((name) => readFileSync(file(name))));

const keys = new Map<string, GenerateKeyPairResult>();
const keyOf = (name: string) => keys.get(name) as GenerateKeyPairResult;
/** The names of the keys that the issuer publishes. */
let published = ["old"];
let login: Server;
let server: ServerProcess;

/** An access file with some more principals than are asked for. */
const accessText = (others: number) =>
  JSON.stringify({
    issuers: [
      { issuer, audience, keys: `http://127.0.0.1:${(login.address() as AddressInfo).port}/jwks`, claim: "synergos" },
    ],
    principals: [
      { name: "heart", certificates: [{ uri: "spiffe://grid/heart" }], grants: [{ role: "reader", scope: {} }] },
      { name: "token", tokens: [{ sha256: sha256(tokenOf("token")) }], grants: [{ role: "reader", scope: {} }] },
      ...Array.from({ length: others }, (_, index) => ({ name: `other_${index}`, grants: [] })),
    ],
  });

const jwt = (key: string, sub: string) =>
  new SignJWT({ synergos: [{ role: "reader", scope: {} }] })
    .setProtectedHeader({ alg: "ES256", kid: key })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(sub)
    .setExpirationTime("10m")
    .sign(keyOf(key).privateKey);

beforeAll(async () => {
  for (const name of ["ca", "next"]) authority(name);
  for (const name of ["ca", "next"]) {
    certificate(name, `server-${name}`, "server", "DNS:localhost,IP:127.0.0.1");
    certificate(name, `heart-${name}`, "heart", "URI:spiffe://grid/heart");
  }
  writeFileSync(file("clients.pem"), pem("ca.pem"));
  for (const end of ["pem", "key"]) writeFileSync(file(`server.${end}`), pem(`server-ca.${end}`));
  for (const name of ["old", "new"]) keys.set(name, await generateKeyPair("ES256"));
  login = createServer((_, response) => {
    const all = published.map(async (kid) => ({ ...(await exportJWK(keyOf(kid).publicKey)), kid }));
    Promise.all(all).then((found) => response.end(JSON.stringify({ keys: found })));
  });
  await new Promise<void>((resolve) => login.listen(0, "127.0.0.1", resolve));
  writeFileSync(file("access.yaml"), accessText(0));
  server = await startProcess(`sqlite:${file("archive.db")}`, [
    ...options("server"),
    ...["--tls-client-ca", file("clients.pem"), "--tls-client-auth", "optional", "--access", file("access.yaml")],
    ...["--max-connection-age", "1000", "--http-port", "0"],
  ]);
});
afterAll(async () => {
  await server?.end();
  login?.close();
  rmSync(folder, { recursive: true });
});

test("connections of both ports are made anew after their time", async () => {
  for (const address of [server.address, new URL(server.url).host]) {
    const session = connect(`https://${address}`, { ca: pem("ca.pem"), servername: "localhost" });
    await once(session, "goaway");
    session.close();
  }
});

test("while every certificate, key and file is replaced under load, nobody is refused who should not be", async () => {
  const roots = pem("ca.pem", "next.pem");
  const shown = (authorityName: string) =>
    ChannelCredentials.createSsl(roots, pem(`heart-${authorityName}.key`), pem(`heart-${authorityName}.pem`));
  /** What clients show now. */
  const now = { authority: "ca", key: "old" };
  let isOver = false;
  let calls = 0;
  const refused: string[] = [];
  /** Makes calls, a few by each connection. */
  const callers = async (expected: string, connect: () => Promise<ArchiveClient> | ArchiveClient) => {
    while (!isOver) {
      const client = await connect();
      for (let call = 0; call < 5; call++) {
        const who = await client.whoAmI().then(
          ({ principal }) => principal,
          (error: CallError) => `${error.reason ?? error.code}: ${error.message}`,
        );
        calls++;
        if (who !== expected) refused.push(`${expected} ${JSON.stringify(now)}: ${who}`);
        await delay(2);
      }
      client.close();
    }
  };
  const withToken = (token: string) =>
    new ArchiveClient(server.address, ChannelCredentials.createSsl(roots), {}, { authorization: `Bearer ${token}` });
  let issued = 0;
  const load = [
    callers("heart", () => new ArchiveClient(server.address, shown(now.authority))),
    callers("token", () => withToken(tokenOf("token"))),
    // One that is verified once, and one that is new each time.
    callers(`${issuer}#same`, async () => withToken(await jwt(now.key, "same"))),
  ];
  const fresh = async () => {
    while (!isOver) {
      const client = withToken(await jwt(now.key, `s${issued++}`));
      const outcome = await outcomeOf(client.whoAmI());
      calls++;
      if (outcome !== "OK") refused.push(`fresh ${JSON.stringify(now)}: ${outcome}`);
      client.close();
      await delay(5);
    }
  };
  load.push(fresh());
  const says = (text: string) => server.output().split(text).length - 1;
  /** Changes files, and waits until that is noticed. */
  const noticed = async (text: string, change: () => void) => {
    const before = says(text);
    change();
    await until(`the log has one more "${text}"`, () => says(text) > before);
  };
  const read = "the certificates were read again";
  /** What the metrics say of the files. */
  const valid = async () => {
    const session = connect(server.url.replace("http:", "https:"), { ca: roots, servername: "localhost" });
    const metrics = await text(session.request({ ":path": "/metrics" }));
    session.close();
    return Object.fromEntries(
      [...metrics.matchAll(/^archive_(\w+)_valid (\d)$/gm)].map(([, name, value]) => [name, value]),
    );
  };
  try {
    await until("everybody calls", () => issued > 5);
    published = ["old", "new"];
    await noticed(read, () => writeFileSync(file("clients.pem"), pem("ca.pem", "next.pem")));
    now.authority = "next";
    await noticed(read, () => {
      for (const end of ["pem", "key"]) writeFileSync(file(`server.${end}`), pem(`server-next.${end}`));
    });
    await noticed(read, () => writeFileSync(file("clients.pem"), pem("next.pem")));
    const old = new ArchiveClient(server.address, shown("ca"));
    expect(await outcomeOf(old.whoAmI())).toBe("CREDENTIAL_INVALID");
    old.close();
    await noticed("the access file was read again", () => writeFileSync(file("access.yaml"), accessText(3)));
    await noticed("the access file cannot be used", () => writeFileSync(file("access.yaml"), "principals: ["));
    await noticed("the certificates cannot be used", () => writeFileSync(file("clients.pem"), "nothing"));
    expect(await valid()).toEqual({ access_file: "0", certificates: "0" });
    writeFileSync(file("clients.pem"), pem("next.pem"));
    // The issuer signs with a key that it published some seconds ago.
    await until("the new key is asked for", async () => {
      const client = withToken(await jwt("new", "first"));
      const outcome = await outcomeOf(client.whoAmI());
      client.close();
      return outcome === "OK";
    });
    now.key = "new";
    await until("the certificates can be used again", async () => (await valid()).certificates === "1");
    await noticed("the access file was read again", () => writeFileSync(file("access.yaml"), accessText(5)));
    login.close();
    login.closeAllConnections();
    const withIssuer = issued;
    await until("known keys go on working without their issuer", () => issued > withIssuer + 20);
  } finally {
    isOver = true;
    await Promise.all(load);
  }
  expect(refused).toEqual([]);
  figures({ "calls while credentials were replaced": calls });
});
