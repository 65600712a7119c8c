import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { recordTypes } from "../src/records/record-type.js";
import { migrations } from "../src/storage/migrations.js";
import { startArchive } from "./support/archive.js";
import { ArchiveClient, errorOf } from "./support/client.js";
import { createDatabase } from "./support/database.js";
import { output, startProcess } from "./support/process.js";
import { createGrid, details, ids, keyOf } from "./support/records.js";

const folder = mkdtempSync(join(tmpdir(), "archive-server-"));
const sqlite = (name: string) => `sqlite:${join(folder, name)}`;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the program", () => {
  test("says its version, its commands, and all options with their defaults and variables", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(await output(["--version"])).toEqual({ status: 0, text: `${version}\n` });
    const { text } = await output(["serve", "--help"]);
    for (const word of [
      "--host",
      "ARCHIVE_HOST",
      "127.0.0.1",
      "--port",
      "50051",
      "ARCHIVE_DATABASE_URL",
      "--tls-client-ca",
      "--grace",
      "ARCHIVE_LOG_FORMAT",
    ]) {
      expect(text).toContain(word);
    }
  });

  test("reports every fault of its configuration at once, in words", async () => {
    const parameters = [
      "serve",
      "--port",
      "99999",
      "--log-level",
      "loud",
      "--tls-cert",
      "/nowhere",
      "--database-url",
      "oracle://x",
    ];
    const { status, text } = await output(parameters, { ARCHIVE_GRACE: "soon" });
    expect(status).toBe(2);
    for (const fault of [
      '--port must be a whole number from 0 to 65535 (given: "99999")',
      "--log-level must be one of error, warn, info, debug",
      "--tls-cert names a file that cannot be read (ENOENT): /nowhere",
      "--database-url must be sqlite:FILE or mysql://",
      'ARCHIVE_GRACE must be a whole number from 0 to 600000 (given: "soon")',
    ]) {
      expect(text).toContain(fault);
    }
    expect(text).not.toMatch(/\bat .*\.js:/);
  });

  test.each([
    ["mysql://app:s3cret@127.0.0.1:1/app", /ECONNREFUSED/],
    ["mysql://app:s3cret@/app", /must be|must name/],
    ["mysql://app:s3cret@h:1/app?ssl=1", /an unknown option; known: tls/],
  ])("never shows the password of %s", async (url, reason) => {
    const { status, text } = await output(["serve", "--port", "0"], { ARCHIVE_DATABASE_URL: url });
    expect(status).not.toBe(0);
    expect(text).toMatch(reason);
    expect(text).not.toContain("s3cret");
  });

  test("warns when it listens elsewhere without TLS", async () => {
    const server = await startProcess(sqlite("warn.db"), ["--host", "0.0.0.0", "--open"]);
    await server.client.list("Run");
    expect(await server.end()).toBe(0);
    expect(server.output()).toMatch(/listening on 0\.0\.0\.0 without TLS.*--tls-cert/);
  });

  test("refuses to be open to everybody unless that is meant, and says the ways out", async () => {
    const { status, text } = await output(["serve", "--port", "0", "--host", "0.0.0.0"], {
      ARCHIVE_DATABASE_URL: sqlite("open.db"),
    });
    expect(status).toBe(2);
    for (const way of ["--access", "--tls-client-ca", "--open"]) expect(text).toContain(way);
  });

  test("lets running calls end on SIGTERM, and ends at once on a second signal", async () => {
    const server = await startProcess(sqlite("drain.db"), ["--grace", "60000"]);
    await createGrid(server.client, ids("1"));
    const more = Array.from({ length: 200 }, (_, index) => ({
      ...keyOf(recordTypes[3] as never, ids("1")),
      run_id: `r${index}`,
    }));
    for (const key of more)
      await server.client.create("Run", { key, details: details("Run", { text: "x".repeat(100_000) }) });
    // A stream that nobody reads any further: it runs until it is ended.
    const stream = server.client.stream({});
    await stream.next();
    const exited = new Promise((resolve) => server.child.once("exit", (code, signal) => resolve(code ?? signal)));
    server.child.kill("SIGTERM");
    while (!server.output().includes('"stopping"'))
      await new Promise((resolve) => server.child.stderr?.once("data", resolve));
    expect((await errorOf(new ArchiveClient(server.address).list("Run"))).code).toBe("UNAVAILABLE");
    expect(server.child.exitCode).toBeNull();
    server.child.kill("SIGINT");
    expect(await exited).toBe(130);
  });

  test("ends what still runs when the grace is over", async () => {
    const server = await startProcess(sqlite("grace.db"), ["--grace", "300"]);
    for (let index = 0; index < 100; index++) {
      const key = { participant_id: `p${index}` };
      await server.client.create("Participant", {
        key,
        details: details("Participant", { text: "x".repeat(100_000) }),
      });
    }
    const stream = server.client.stream({});
    await stream.next();
    expect(await server.end()).toBe(0);
  });
});

describe("TLS", () => {
  const file = (name: string) => join(folder, name);
  beforeAll(() => {
    const openssl = (...parameters: string[]) => execFileSync("openssl", parameters, { stdio: "ignore" });
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=authority",
      "-keyout",
      file("ca.key"),
      "-out",
      file("ca.pem"),
    );
    for (const name of ["server", "client"]) {
      openssl(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-keyout",
        file(`${name}.key`),
        "-out",
        file(`${name}.csr`),
      );
      openssl(
        "x509",
        "-req",
        "-copy_extensions",
        "copy",
        "-days",
        "2",
        "-in",
        file(`${name}.csr`),
        "-CA",
        file("ca.pem"),
        "-CAkey",
        file("ca.key"),
        "-CAcreateserial",
        "-out",
        file(`${name}.pem`),
      );
    }
  });
  const read = (name: string) => readFileSync(file(name));
  const serverFlags = () => ["--tls-cert", file("server.pem"), "--tls-key", file("server.key")];

  test("serves those who trust its certificate", async () => {
    const server = await startProcess(sqlite("tls.db"), serverFlags());
    const client = new ArchiveClient(server.address, credentials.createSsl(read("ca.pem")));
    await client.list("Run");
    expect((await errorOf(server.client.list("Run"))).code).toBe("UNAVAILABLE");
    const parameters = [
      "health",
      "--address",
      server.address.replace("127.0.0.1", "localhost"),
      "--tls-ca",
      file("ca.pem"),
    ];
    expect(await output(parameters)).toEqual({ status: 0, text: "SERVING\n" });
    client.close();
    expect(await server.end()).toBe(0);
  });

  test("takes only those with a certificate where it is mutual", async () => {
    const server = await startProcess(sqlite("mtls.db"), [...serverFlags(), "--tls-client-ca", file("ca.pem")]);
    const trusted = new ArchiveClient(
      server.address,
      credentials.createSsl(read("ca.pem"), read("client.key"), read("client.pem")),
    );
    const stranger = new ArchiveClient(server.address, credentials.createSsl(read("ca.pem")));
    await trusted.list("Run");
    expect((await errorOf(stranger.list("Run"))).code).toBe("UNAVAILABLE");
    trusted.close();
    stranger.close();
    expect(await server.end()).toBe(0);
  });

  test("needs a certificate with its key", async () => {
    const { status, text } = await output([
      "serve",
      "--port",
      "0",
      "--database-url",
      sqlite("x.db"),
      "--tls-cert",
      file("server.pem"),
    ]);
    expect([status, text]).toEqual([2, expect.stringMatching(/TLS needs both --tls-cert and --tls-key/)]);
  });
});

describe.each(inject("engines").filter(({ url }) => url))("serving on $name", (engine) => {
  test("refuses a schema that it does not know, says how to migrate, and is healthy only while the database is", async () => {
    const database = await createDatabase(engine);
    const refused = await output(["serve", "--port", "0", "--database-url", database.url]);
    expect(refused.status).toBe(1);
    expect(refused.text).toMatch(/version 0, this program needs \d+: run synergos-archive migrate/);
    expect((await output(["migrate", "--database-url", database.url])).status).toBe(0);
    const server = await startProcess(database.url);
    const health = () => output(["health", "--address", server.address]);
    try {
      expect(await health()).toEqual({ status: 0, text: "SERVING\n" });
      await database.sql("UPDATE archive_schema SET version = 999");
      while ((await health()).text !== "NOT_SERVING\n");
      expect((await health()).status).not.toBe(0);
      await database.sql(`UPDATE archive_schema SET version = ${migrations.length}`);
      while ((await health()).text !== "SERVING\n");
    } finally {
      await server.end();
      await database.drop();
    }
    expect((await health()).status).not.toBe(0);
  });

  test("serves in several processes on one port, replaces one that ends, and stops all of them", async () => {
    const database = await createDatabase(engine);
    const server = await startProcess(database.url, ["--workers", "2", "--migrate"]);
    const pids = () =>
      server
        .output()
        .split("\n")
        .flatMap((line) => {
          const pid = line.includes('"message":"serving"') && /"pid":(\d+)/.exec(line)?.[1];
          return pid ? [Number(pid)] : [];
        });
    const serving = async (count: number) => {
      while (pids().length < count) await new Promise((resolve) => server.child.stderr?.once("data", resolve));
    };
    /** Asks on four connections: each process gets one in turn. */
    const askAll = async () => {
      for (let index = 0; index < 4; index++) {
        const client = new ArchiveClient(server.address, undefined, { "grpc.use_local_subchannel_pool": 1 });
        expect((await client.list("Collaboration")).records).toHaveLength(1);
        client.close();
      }
    };
    try {
      await serving(2);
      await server.client.create("Collaboration", { key: { collab_id: "c" }, details: undefined });
      await askAll();
      process.kill(pids()[0] as number, "SIGKILL");
      await serving(3);
      expect(server.output()).toContain("a worker ended and is replaced");
      await askAll();
    } finally {
      expect(await server.end()).toBe(0);
      await database.drop();
    }
    for (const pid of pids()) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  test("lets the calls of workers end when the first process is killed", async () => {
    const database = await createDatabase(engine);
    const server = await startProcess(database.url, ["--workers", "2", "--migrate"]);
    try {
      await server.client.create("Collaboration", { key: { collab_id: "c" }, details: undefined });
      await database.sql("START TRANSACTION");
      await database.sql("SELECT * FROM collaboration FOR UPDATE");
      const waiting = server.client.update("Collaboration", { key: { collab_id: "c" }, details: undefined });
      for (let waits = 0; waits === 0; ) {
        const [row] = await database.sql(
          "SELECT COUNT(*) AS count FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
        );
        waits = Number(row?.count);
        // The table is made anew only where nobody has asked for a tenth of a second.
        await new Promise((resolve) => setTimeout(resolve, 120));
      }
      server.child.kill("SIGKILL");
      while (!server.output().includes('"stopping"'))
        await new Promise((resolve) => server.child.stderr?.once("data", resolve));
      await database.sql("COMMIT");
      expect((await waiting).key).toEqual({ collab_id: "c" });
    } finally {
      await server.end();
      await database.drop();
    }
  });
});

test("an embedded database is served by one process", async () => {
  const refused = await output(["serve", "--workers", "2", "--database-url", sqlite("workers.db")]);
  expect(refused).toMatchObject({ status: 2, text: expect.stringContaining("--workers needs a database server") });
});

test("an answer that was too large leaves no reader behind in an old snapshot, on SQLite", async () => {
  const archive = await startArchive({ name: "SQLite", url: undefined }, { maxSendSize: 50_000 });
  try {
    await createGrid(archive.client, ids("1"), recordTypes.slice(0, 4));
    for (let index = 0; index < 20; index++) {
      const key = { ...keyOf(recordTypes[3] as never, ids("1")), run_id: `r${index}` };
      await archive.client.create("Run", { key, details: details("Run", { text: "x".repeat(10_000) }) });
    }
    for (let tries = 0; tries < 4; tries++) {
      expect(await errorOf(archive.client.get("Collaboration", { collab_id: "collab_1" }))).toMatchObject({
        reason: "RESPONSE_TOO_LARGE",
      });
      await archive.client.create("Collaboration", { key: { collab_id: `new_${tries}` }, details: undefined });
      expect((await archive.client.list("Collaboration")).records).toHaveLength(2 + tries);
    }
    const project = { collab_id: "collab_1", project_id: "project" };
    const large = archive.client.delete("Project", project, { view: 2 });
    expect(await errorOf(large)).toMatchObject({ reason: "RESPONSE_TOO_LARGE" });
    await archive.client.get("Project", project, { view: 1 });
  } finally {
    await archive.close();
  }
});
