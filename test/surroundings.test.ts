import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isLoopback, readAddress, readHost } from "../src/address.js";
import { output, run, type ServerProcess, startProcess } from "./support/process.js";

const folder = mkdtempSync(join(tmpdir(), "archive-surroundings-"));
const file = (name: string) => join(folder, name);
const database = `sqlite:${file("archive.db")}`;
const serve = ["serve", "--port", "0", "--database-url", database];
let server: ServerProcess;

beforeAll(async () => {
  server = await startProcess(database);
});
afterAll(async () => {
  await server.end();
  rmSync(folder, { recursive: true, force: true });
});

describe("a health check on loopback", () => {
  test("heeds nothing that a container inherits for others", async () => {
    const nowhere = "http://127.0.0.1:1";
    const environment = {
      http_proxy: nowhere,
      https_proxy: nowhere,
      grpc_proxy: nowhere,
      no_proxy: "",
      GRPC_SSL_CIPHER_SUITES: "none",
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: "/nowhere",
      ARCHIVE_PORT: "tcp://10.43.0.1:50051",
      ARCHIVE_SERVICE_HOST: "10.43.0.1",
      ARCHIVE_PORT_50051_TCP_ADDR: "10.43.0.1",
      ARCHIVE_TLS: "",
      ARCHIVE_TLS_CA: "",
      ARCHIVE_TIMEOUT: "",
      HOME: "",
      ARCHIVE_ADDRESS: server.address,
    };
    expect(await output(["health"], environment)).toEqual({ status: 0, text: "SERVING\n" });
    expect(await output(["health"], { ...environment, ARCHIVE_TLS: "false" })).toMatchObject({ status: 0 });
    expect(await output(["health"], { ...environment, ARCHIVE_TLS: "perhaps" })).toEqual({
      status: 2,
      text: 'error: USAGE: ARCHIVE_TLS must be true or false (given: "perhaps")\n',
    });
  });
});

test("a server beside a service called archive warns, and goes on with its default", async () => {
  const environment = { ARCHIVE_PORT: "tcp://10.43.0.1:50051", ARCHIVE_HOST: "", ARCHIVE_GRACE: "" };
  const child = run(["serve", "--database-url", database, "--host", "127.0.0.9"], environment);
  let text = "";
  for await (const bytes of child.stderr ?? []) {
    text += String(bytes);
    if (/serving|error:/.test(text)) child.kill();
  }
  expect(text).toMatch(/WARN {2}ARCHIVE_PORT is ignored.*value=tcp:\/\/10\.43\.0\.1:50051/);
  expect(text).toMatch(/ 127\.0\.0\.9:50051|address=127\.0\.0\.9:50051/);
});

test.each([
  ["--database-url", "mysql://app:s3cret@h:1/app?ssl=1"],
  ["--database-url", "mysql://app:s3cret"],
  ["--database-url", "s3cret"],
  ["--databse-url=mysql://app:s3cret@h/app", ""],
  ["--host", "http://app:s3cret@h"],
])("a password never shows in what is wrong: %s %s", async (...parameters) => {
  const { status, text } = await output(["serve", ...parameters]);
  expect([status, text]).toEqual([2, expect.not.stringContaining("s3cret")]);
});

describe("addresses", () => {
  test.each([
    ["127.0.0.1:5", "127.0.0.1:5"],
    ["localhost", "localhost:50051"],
    ["::1", "[::1]:50051"],
    ["[::1]", "[::1]:50051"],
    ["[fe80::1]:7", "[fe80::1]:7"],
    ["0.0.0.0:7", "127.0.0.1:7"],
    ["[::]:7", "[::1]:7"],
    ["dns:///archive:7", "dns:///archive:7"],
    ["unix:/run/proxy", "unix:/run/proxy"],
  ])("%s is %s", (given, address) => {
    expect(readAddress(given)).toBe(address);
    expect(readAddress(address)).toBe(address);
  });

  test.each(["", ":7", "http://h:7", "h:0", "h:70000", "h:x", "[h]:7", "a b:7"])("%j is none", (given) => {
    expect(() => readAddress(given)).toThrow("must be host:port");
  });

  test("a host has brackets or not, and no port", () => {
    expect(["[::]", "::1", "localhost", "0.0.0.0"].map(readHost)).toEqual(["::", "::1", "localhost", "0.0.0.0"]);
    for (const host of ["h:1", "http://h", "[h]", ""]) expect(() => readHost(host)).toThrow("without a port");
  });

  test("loopback is what no proxy leads to", () => {
    const own = ["127.0.0.1:1", "127.9.9.9", "[::1]:1", "::1", "localhost:1", "localhost", "unix:/x"];
    const others = ["10.0.0.1:1", "0.0.0.0", "::", "localhost.example:1", "127.example:1"];
    expect(own.filter(isLoopback)).toEqual(own);
    expect(others.filter(isLoopback)).toEqual([]);
  });

  test.each(["::1", "[::]", "0.0.0.0"])("what a server on %s prints is taken by the commands", async (host) => {
    const child = run([...serve, "--host", host, "--open"]);
    let text = "";
    for await (const bytes of child.stderr ?? []) {
      text += String(bytes);
      const address = /serving address=(\S+)/.exec(text)?.[1];
      if (!address || child.killed) continue;
      expect(await output(["health", "--address", address])).toEqual({ status: 0, text: "SERVING\n" });
      child.kill();
    }
    expect(text).toContain("stopped");
  });
});

describe("TLS files that do not fit are named", () => {
  beforeAll(() => {
    const openssl = (...parameters: string[]) => execFileSync("openssl", parameters, { stdio: "ignore" });
    for (const name of ["one", "other"]) {
      const keys = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        file(`${name}.key`),
      ];
      openssl("req", "-x509", ...keys, "-days", "2", "-subj", "/CN=localhost", "-out", file(`${name}.pem`));
    }
    openssl("pkey", "-in", file("one.key"), "-aes256", "-passout", "pass:x", "-out", file("secret.key"));
    writeFileSync(file("empty"), "");
    writeFileSync(file("text"), "text");
    writeFileSync(file("damaged"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  });

  test.each([
    ["one.pem", "other.key", undefined, "--tls-cert {one.pem} and --tls-key {other.key} do not make a pair"],
    ["empty", "one.key", undefined, "--tls-cert names an empty file: {empty}"],
    ["one.key", "one.pem", undefined, "--tls-cert names a file that holds no certificate as PEM: {one.key}"],
    ["one.pem", "text", undefined, "--tls-key names a file that holds no private key as PEM: {text}"],
    ["one.pem", "secret.key", undefined, "--tls-key names a key with a passphrase"],
    ["one.pem", "one.key", "text", "--tls-client-ca names a file that holds no certificate as PEM: {text}"],
    ["one.pem", "one.key", "damaged", "--tls-client-ca names a file whose certificate 1 is damaged: {damaged}"],
    [".", "one.key", undefined, "--tls-cert names a file that cannot be read (EISDIR)"],
  ])("%s, %s, %s", async (cert, key, ca, fault) => {
    const flags = ["--tls-cert", file(cert), "--tls-key", file(key), ...(ca ? ["--tls-client-ca", file(ca)] : [])];
    const { status, text } = await output([...serve, ...flags]);
    const said = fault.replace(/\{([^}]*)\}/g, (_, name: string) => file(name));
    expect([status, text]).toEqual([2, expect.stringContaining(said)]);
    if (ca) return;
    // The commands have options of the same names.
    expect((await output(["health", ...flags])).text).toContain(said);
  });

  test.each([
    ["tls-ca={absent}", "has a tls-ca that names a file that cannot be read (ENOENT): {absent}"],
    ["tls=verify&tls-ca={text}", "has a tls-ca that names a file that holds no certificate as PEM: {text}"],
    ["tls-cert={one.pem}", "needs both tls-cert and tls-key"],
    ["tls-cert={one.pem}&tls-key={text}", "has a tls-key that names a file that holds no private key as PEM: {text}"],
    [
      "tls-cert={one.pem}&tls-key={other.key}",
      "has a tls-cert {one.pem} and a tls-key {other.key} that do not make a pair",
    ],
  ])("in a database URL: %s", async (query, fault) => {
    const named = (text: string) => text.replace(/\{([^}]*)\}/g, (_, name: string) => file(name));
    const { status, text } = await output([
      "migrate",
      "--database-url",
      `mysql://u:secret@127.0.0.1/db?${named(query)}`,
    ]);
    expect([status, text]).toEqual([2, expect.stringContaining(`--database-url ${named(fault)}`)]);
    expect(text).not.toContain("secret");
  });
});

describe("an embedded database that cannot be made or written is named", () => {
  test("where the working directory was removed", async () => {
    const gone = file("gone");
    mkdirSync(gone);
    const script = `cd "$1" && rmdir "$1" && exec "$2" "$3" migrate --database-url sqlite:data/archive.db`;
    const { status, stderr } = spawnSync(
      "bash",
      ["-c", script, "-", gone, process.execPath, resolve("dist/src/main.js")],
      {
        encoding: "utf8",
      },
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining("the working directory does not exist any more")]);
  });

  test("where its folder is a file", async () => {
    writeFileSync(file("text"), "text");
    const { status, text } = await output(["migrate", "--database-url", `sqlite:${file("text")}/archive.db`]);
    expect([status, text]).toEqual([1, expect.stringMatching(/the folder .*text of the database cannot be/)]);
  });
});
