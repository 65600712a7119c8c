import { inspect } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ArchiveError, type ConnectOptions, connect, type Token } from "../src/index.js";
import { rejection } from "./rejection.js";
import { startStub } from "./stub.js";

const key = { collab_id: "c", project_id: "p" };
let stub: Awaited<ReturnType<typeof startStub>>;
let got: unknown;

beforeAll(async () => {
  stub = await startStub(({ metadata }) => {
    got = metadata.get("authorization");
    return undefined;
  });
});

afterAll(() => stub.stop());

const local = (token: Token) => connect(stub.address, { token, retry: false });

test.each(["secret.a-b_c~d+e/f==", "secret.a-b_c~d+e/f==\n", " secret.a-b_c~d+e/f==\r\n"])(
  "a token is sent without the white space around it: %j",
  async (token) => {
    for (const given of [token, () => token, async () => token]) {
      const archive = local(given);
      await archive.project.get({ key });
      expect(got).toEqual(["Bearer secret.a-b_c~d+e/f=="]);
      archive.close();
    }
  },
);

const wrong: unknown[] = [
  "",
  "\n",
  "sec\nret",
  "sec ret",
  "sec\u0000ret",
  "sécret",
  "Bearer secret",
  'sec"ret',
  5,
  null,
];

test.each(wrong.concat(undefined))("what is no token is refused at connect, and not printed: %j", (token) => {
  let thrown: unknown;
  try {
    connect(stub.address, { token } as ConnectOptions);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ArchiveError);
  expect(thrown).toMatchObject({ code: "INVALID_ARGUMENT", fieldViolations: [{ field: "token" }] });
  expect(inspect(thrown, { depth: 9 })).not.toMatch(/s[eé]c/);
});

test.each(wrong.concat(undefined))("nor is it sent or printed where a function brings it: %j", async (token) => {
  got = "nothing";
  const archive = local(() => token as string);
  const error = await rejection(archive.project.get({ key }));
  expect(error).toMatchObject({ code: "UNAUTHENTICATED" });
  expect(inspect(error, { depth: 9 })).not.toMatch(/s[eé]c(?!ond)/);
  expect(await rejection(archive.streamDescendants().next())).toMatchObject({ code: "UNAUTHENTICATED" });
  expect(got).toBe("nothing");
  archive.close();
});

test("a function is asked for every call, and may fail or take too long", async () => {
  const tokens = ["a", "b"];
  const archive = local(() => tokens.shift() ?? Promise.reject(new Error("no more")));
  for (const token of ["a", "b"]) {
    await archive.project.get({ key });
    expect(got).toEqual([`Bearer ${token}`]);
  }
  expect(await rejection(archive.project.get({ key }))).toMatchObject({
    code: "UNAUTHENTICATED",
    message: expect.stringContaining("no more"),
  });
  archive.close();
  const slow = local(() => new Promise(() => {}));
  expect(await rejection(slow.project.get({ key }, { timeout: 20 }))).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  const signal = AbortSignal.abort(new Error("enough"));
  expect(await rejection(slow.project.get({ key }, { signal }))).toMatchObject({ code: "CANCELLED" });
  slow.close();
});

test("no error of a call has the token in it", async () => {
  const archive = connect("127.0.0.1:1", { token: "secret", retry: false, metadata: { "x-tenant": "t" } });
  const error = await rejection(archive.project.get({ key }));
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain("secret");
  archive.close();
});

test.each([
  "127.0.0.1:1",
  "127.9.8.7:1",
  "localhost:1",
  "LOCALHOST",
  "[::1]:1",
  "grpc://localhost:1",
  "dns:localhost:1",
  "dns:///localhost:1",
  "ipv4:127.0.0.1:1",
  "ipv4:127.0.0.1:1,127.0.0.2:1",
  "ipv6:[::1]:1",
  "unix:/tmp/archive.sock",
  "grpcs://archive.example:443",
])("a token may be sent to %s", (address) => {
  connect(address, { token: "secret" }).close();
});

test.each([
  "archive:1",
  "10.0.0.1:1",
  "0.0.0.0:1",
  "localhost.evil.example:1",
  "evil-localhost:1",
  "127.0.0.1.nip.io:1",
  "127.evil.example:1",
  "127.1:1",
  "2130706433:1",
  "[::2]:1",
  "[::ffff:10.0.0.1]:1",
  "dns://10.0.0.1/localhost:1",
  "ipv4:127.0.0.1:1,10.0.0.1:1",
  "grpc://archive:1",
])("a token is not sent to %s without TLS, unless that is allowed", (address) => {
  expect(() => connect(address, { token: "secret" })).toThrow(/TLS/);
  expect(() => connect(address, { token: () => "secret" })).toThrow(ArchiveError);
  connect(address, { token: "secret", tls: true }).close();
  connect(address, { token: "secret", allowTokenWithoutTls: true }).close();
});

test("what is on this machine is not asked through a proxy, which would see the token", async () => {
  const before = process.env.grpc_proxy;
  process.env.grpc_proxy = "http://127.0.0.1:1";
  try {
    const archive = local("secret");
    expect(await archive.project.get({ key })).toMatchObject({ etag: "stub" });
    archive.close();
  } finally {
    if (before === undefined) delete process.env.grpc_proxy;
    else process.env.grpc_proxy = before;
  }
});
