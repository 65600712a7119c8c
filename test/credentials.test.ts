import { createHmac, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChannelCredentials } from "@grpc/grpc-js";
import { exportJWK, exportSPKI, type GenerateKeyPairResult, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { accessText, clientOf, openAccess, sha256, tokenOf, withToken } from "./support/access.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { certificatesIn } from "./support/certificates.js";
import { ArchiveClient, CallError } from "./support/client.js";
import { startProcess } from "./support/process.js";
import { someDetails } from "./support/records.js";
import { until } from "./support/wait.js";

const issuer = "https://login.example.org";
const audience = "archive";
const reasonOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "OK",
    (error: unknown) => (error instanceof CallError ? (error.reason ?? error.code) : String(error)),
  );

describe("tokens", () => {
  let keys: GenerateKeyPairResult;
  let others: GenerateKeyPairResult;
  let archive: TestArchive;
  let server: Server;
  let served: object | undefined;
  let asked = 0;
  let opened: ReturnType<typeof openAccess>;
  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { role: "reader", scope: {} };
  const now = () => Math.floor(Date.now() / 1000);
  const jwt = (changes: object = {}, key = keys.privateKey, header: object = {}) =>
    new SignJWT({ iss: issuer, aud: audience, sub: "s", exp: now() + 600, synergos: [claims], ...changes })
      .setProtectedHeader({ alg: "ES256", kid: "one", ...header })
      .sign(key);
  const who = async (token: string) => {
    const client = withToken(archive.address, token);
    try {
      return await client.whoAmI().then(
        ({ principal }) => principal,
        (error: CallError) => error.reason ?? error.code,
      );
    } finally {
      client.close();
    }
  };
  const text = (principals: Parameters<typeof accessText>[0], url: string) =>
    accessText(principals, { issuers: [{ issuer, audience, keys: url, claim: "synergos" }] });
  let url = "";

  beforeAll(async () => {
    [keys, others] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
    server = createServer((_, response) => {
      asked++;
      if (served) response.end(JSON.stringify(served));
      else response.writeHead(503).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
    opened = openAccess(text({ administrator: [{ role: "administrator" }] }, url));
    const engine = inject("engines")[0];
    if (!engine) throw new Error("there is no engine");
    archive = await startArchive(engine, { access: opened.access });
  });
  afterAll(async () => {
    await archive?.close();
    opened?.close();
    server?.close();
  });

  test("of an issuer whose keys were never to be had are tried again later", async () => {
    expect(await who(await jwt())).toBe("ISSUER_UNAVAILABLE");
    // Whoever sends tokens that name it does not have it asked for each.
    for (const sub of ["a", "b", "c"]) expect(await who(await jwt({ sub }))).toBe("ISSUER_UNAVAILABLE");
    expect(asked).toBe(1);
    served = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "one", alg: "ES256" }] };
    await until("it is asked again", async () => (await who(await jwt())) === `${issuer}#s`);
  });

  test("that are known go on working while their issuer is away", async () => {
    served = undefined;
    const before = asked;
    expect(await who(await jwt({ sub: "other" }))).toBe(`${issuer}#other`);
    expect(asked).toBe(before);
    served = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "one", alg: "ES256" }] };
  });

  test("that are not of a known issuer, for this archive, now, are refused alike, and never logged", async () => {
    const publicKey = await exportSPKI(keys.publicKey);
    const unsigned = `${base64({ alg: "none" })}.${base64({ iss: issuer, aud: audience, sub: "s", exp: now() + 60 })}.`;
    const withHmac = `${base64({ alg: "HS256", kid: "one" })}.${base64({ iss: issuer, aud: audience, sub: "s", exp: now() + 60 })}`;
    const hostile: Record<string, string> = {
      "alg none": unsigned,
      "HS256 with the public key": `${withHmac}.${createHmac("sha256", publicKey).update(withHmac).digest("base64url")}`,
      "another's key": await jwt({}, others.privateKey),
      "unknown kid": await jwt({}, keys.privateKey, { kid: "two" }),
      "another issuer": await jwt({ iss: "https://evil.example.org" }),
      "another audience": await jwt({ aud: "another" }),
      "no subject": await jwt({ sub: undefined }),
      "no expiry": await jwt({ exp: undefined }),
      "not yet valid": await jwt({ nbf: now() + 600 }),
      "grants that there are not": await jwt({ synergos: [{ role: "emperor", scope: {} }] }),
      "grants without a scope": await jwt({ synergos: [{ role: "reader" }] }),
      "a control character in its subject": await jwt({ sub: "a\nb" }),
      "no token": "?",
      "a static token of another archive": tokenOf("elsewhere"),
      "one that is long": "a".repeat(17_000),
    };
    for (const [name, token] of Object.entries(hostile)) {
      expect([name, await who(token)]).toEqual([name, "CREDENTIAL_INVALID"]);
    }
    expect(await who(await jwt({ exp: now() - 60 }))).toBe("CREDENTIAL_EXPIRED");
    const client = new ArchiveClient(archive.address, undefined, {}, { authorization: "Basic YTpi" });
    expect(await reasonOf(client.whoAmI())).toBe("CREDENTIAL_INVALID");
    client.close();
    const log = JSON.stringify(archive.log);
    for (const token of Object.values(hostile)) if (token.length > 20) expect(log).not.toContain(token.slice(0, 60));
    expect(archive.log.filter(({ reason }) => reason === "CREDENTIAL_INVALID").every(({ fault }) => fault)).toBe(true);
  });

  test("hold as long as the file says so, also for streams that run", async () => {
    const grant = [{ role: "reader", scope: {} }];
    const administrator = [{ role: "administrator" }];
    opened.write(text({ administrator, watcher: grant, other: grant }, url));
    const client = clientOf(archive.address, "watcher");
    const watch = client.watch();
    await watch.next();
    opened.write(text({ administrator, watcher: grant }, url));
    const going = watch.next();
    opened.write("principals: [");
    expect(opened.lines.at(-1)?.message).toContain("what it said before goes on to hold");
    opened.write(text({ administrator, watcher: [{ role: "reader", scope: { collab_id: "c" } }] }, url));
    expect(await reasonOf(going)).toBe("ACCESS_DENIED");
    const again = client.watch();
    await again.next();
    opened.write(text({ administrator }, url));
    expect(await reasonOf(again.next())).toBe("CREDENTIAL_INVALID");
    client.close();
  });

  test("end the streams that they began when they expire", async () => {
    const client = withToken(archive.address, await jwt({ exp: now() + 1 }));
    const watch = client.watch();
    const outcome = (async () => {
      for (;;) await watch.next();
    })();
    expect(await reasonOf(outcome)).toBe("CREDENTIAL_EXPIRED");
    client.close();
  });

  test("are expired for every call alike, and say until when they hold however long that is", async () => {
    opened.write(text({ administrator: [{ role: "administrator" }] }, url));
    const token = await jwt({ exp: now() - 5 });
    expect([await who(token), await who(token), await who(token)]).toEqual(Array(3).fill("CREDENTIAL_EXPIRED"));
    expect(await who(await jwt({ exp: 1e300 }))).toBe(`${issuer}#s`);
  });

  test("end the streams that they began when the file has them expire earlier", async () => {
    const listed = (expires?: string) =>
      JSON.stringify({
        principals: [
          {
            name: "short",
            tokens: [{ sha256: sha256(tokenOf("short")), expires }],
            grants: [{ role: "administrator" }],
          },
        ],
      });
    opened.write(listed());
    const client = clientOf(archive.address, "short");
    const watch = client.watch();
    await watch.next();
    const outcome = (async () => {
      for (;;) await watch.next();
    })();
    // Whole seconds: one is past when this one began.
    opened.write(listed(new Date((now() + 2) * 1000).toISOString().replace(".000", "")));
    expect(await reasonOf(outcome)).toBe("CREDENTIAL_EXPIRED");
    client.close();
  });

  test("stand in no log, and no sensitive detail does", async () => {
    const secret = "marker-of-a-secret";
    const token = `${secret}-token`;
    opened.write(
      JSON.stringify({
        principals: [{ name: "marked", tokens: [{ sha256: sha256(token) }], grants: [{ role: "administrator" }] }],
      }),
    );
    const client = withToken(archive.address, token);
    const key = { participant_id: "marked" };
    const details = { ...someDetails("Participant"), phone: secret, email: secret, socials: { secret } };
    await client.create("Participant", { key, details });
    await reasonOf(client.create("Participant", { key, details }));
    await reasonOf(client.update("Participant", { key, details, update_mask: ["phone.x"] }));
    await reasonOf(client.update("Participant", { key, details: { ...details, attributes: { phone: secret } } }));
    await client.delete("Participant", key);
    client.close();
    expect(JSON.stringify([archive.log, opened.lines])).not.toContain(secret);
  });
});

test("client certificates name principals, beside tokens, and are read again when they change", {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "certificates-"));
  const { file, authority, certificate, options } = certificatesIn(folder);
  authority("ca");
  authority("evil");
  certificate("ca", "server", "server", "DNS:localhost,IP:127.0.0.1");
  certificate("ca", "heart", "heart", "URI:spiffe://grid/heart");
  certificate("ca", "stale", "heart", "URI:spiffe://grid/heart", 0);
  certificate("ca", "mimic", "heart", "DNS:mimic");
  certificate("evil", "forged", "heart", "URI:spiffe://grid/heart");
  const grants = [{ role: "reader", scope: {} }];
  writeFileSync(
    file("access.yaml"),
    JSON.stringify({
      principals: [
        { name: "heart", certificates: [{ uri: "spiffe://grid/heart" }], grants },
        { name: "token", tokens: [{ sha256: sha256(tokenOf("token")) }], grants },
      ],
    }),
  );
  const ca = readFileSync(file("ca.pem"));
  const shown = (name?: string, root = ca) =>
    name === undefined
      ? ChannelCredentials.createSsl(root)
      : ChannelCredentials.createSsl(root, readFileSync(file(`${name}.key`)), readFileSync(file(`${name}.pem`)));
  const flags = [...options("server"), "--tls-client-ca", file("ca.pem")];
  const server = await startProcess(`sqlite:${file("archive.db")}`, [
    ...flags,
    "--tls-client-auth",
    "optional",
    "--access",
    file("access.yaml"),
  ]);
  const as = async (credentials: ChannelCredentials, headers = {}) => {
    const client = new ArchiveClient(server.address, credentials, {}, headers);
    try {
      return await client.whoAmI().then(
        ({ principal }) => principal,
        (error: CallError) => error.reason ?? error.code,
      );
    } finally {
      client.close();
    }
  };
  try {
    const bearer = { authorization: `Bearer ${tokenOf("token")}` };
    expect(await as(shown("heart"))).toBe("heart");
    expect(await as(shown(), bearer)).toBe("token");
    expect(await as(shown())).toBe("CREDENTIAL_MISSING");
    // A name of another kind, and one of another authority, are nobody's; nor is a bad one passed over for a good token.
    expect(await as(shown("mimic"))).toBe("CREDENTIAL_INVALID");
    expect(await as(shown("forged"))).toBe("CREDENTIAL_INVALID");
    // It ended in the second in which it was made.
    const { validTo } = new X509Certificate(readFileSync(file("stale.pem")));
    await until("a certificate has ended", () => Date.now() > Date.parse(validTo));
    expect(await as(shown("stale"))).toBe("CREDENTIAL_EXPIRED");
    expect(await as(shown("forged"), bearer)).toBe("CREDENTIAL_INVALID");
    expect(await as(shown("heart"), { authorization: "Bearer wrong" })).toBe("CREDENTIAL_INVALID");
    // The authority and the server's certificate change; who connects from then on meets the new ones.
    authority("next");
    certificate("next", "server", "server", "DNS:localhost,IP:127.0.0.1");
    certificate("next", "heart", "heart", "URI:spiffe://grid/heart");
    writeFileSync(file("ca.pem"), readFileSync(file("next.pem")));
    const next = readFileSync(file("next.pem"));
    await expect.poll(() => as(shown("heart", next)), { timeout: 20_000, interval: 200 }).toBe("heart");
  } finally {
    await server.end();
    rmSync(folder, { recursive: true });
  }
});
