import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, inject, test } from "vitest";
import { ArchiveServiceDefinition } from "../generated/ts/synergos/archive/v1/archive_service.js";
import { ArchiveError } from "../src/archive/archive-error.js";
import { CallContext } from "../src/call-context.js";
import { limits } from "../src/limits.js";
import { PrincipalLimits } from "../src/service/principal-limits.js";
import { StreamSlots } from "../src/service/stream-slots.js";
import { accessText, clientOf, openAccess, tokenOf } from "./support/access.js";
import { startArchive } from "./support/archive.js";
import { startProcess } from "./support/process.js";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const { describeHierarchy, watch } = ArchiveServiceDefinition.methods;
const principals = { ada: [{ role: "administrator" }], bob: [{ role: "administrator" }] };

function refusal(enter: () => unknown): ArchiveError {
  try {
    enter();
  } catch (error) {
    if (error instanceof ArchiveError) return error;
  }
  throw new Error("it was let in");
}

test("one principal has so many calls at a time, others are not in its way, and afterwards all is as before", async () => {
  const [engine] = inject("engines");
  if (!engine) throw new Error("this test needs a database");
  const opened = openAccess(accessText(principals));
  closing.push(() => opened.close());
  const archive = await startArchive(engine, { access: opened.access, ofPrincipal: { calls: 3, rate: undefined } });
  closing.push(() => archive.close());
  const [ada, bob] = ["ada", "bob"].map((name) => clientOf(archive.address, name));
  closing.push(
    () => ada?.close(),
    () => bob?.close(),
  );
  // Calls that have begun and do not end: the rest of their requests does not come.
  const held = Array.from({ length: 3 }, () => {
    const socket: Socket = connect(Number(new URL(archive.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    const head = ["host: localhost", "content-type: application/json", "content-length: 9"];
    const path = "/synergos.archive.v1.ArchiveService/WhoAmI";
    const lines = [`POST ${path} HTTP/1.1`, ...head, `authorization: Bearer ${tokenOf("ada")}`];
    socket.write(`${lines.join("\r\n")}\r\n\r\n{`);
    return socket;
  });
  const outcome = () =>
    ada?.describeHierarchy().then(
      () => "OK",
      (error: unknown) => error,
    );
  await expect.poll(outcome, { timeout: 10_000 }).toMatchObject({
    code: "RESOURCE_EXHAUSTED",
    reason: "RATE_LIMITED",
    message: expect.stringContaining("3 calls at a time (--principal-max-calls)"),
    metadata: { cause: "principal_calls", limit: "3" },
  });
  expect(await bob?.describeHierarchy()).toBeDefined();
  for (const socket of held) socket.destroy();
  await expect.poll(outcome, { timeout: 10_000 }).toBe("OK");
});

test("a rate lets two seconds' calls come at once, then as many as come to be, and says when the next is", () => {
  let now = 0;
  const causes: string[] = [];
  const limit = new PrincipalLimits(
    { calls: 1000, rate: 10 },
    (cause) => causes.push(cause),
    () => now,
  );
  const enter = (name = "ada") => limit.enter(name, describeHierarchy)();
  for (let count = 0; count < 20; count++) enter();
  const refused = refusal(enter);
  expect(refused).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "RATE_LIMITED" });
  expect(refused.details.retryAfter).toBeGreaterThanOrEqual(100);
  expect(refused.details.retryAfter).toBeLessThanOrEqual(150);
  enter("bob");
  now += 99;
  refusal(enter);
  now += 2;
  enter();
  refusal(enter);
  now += 3_600_000;
  for (let count = 0; count < 20; count++) enter();
  refusal(enter);
  expect(causes).toEqual(Array.from({ length: 4 }, () => "principal_rate"));
});

test("watches have a bound of their own, and principals without end are not remembered", () => {
  const limit = new PrincipalLimits({ calls: 1, rate: undefined });
  const leave = Array.from({ length: limits.watchesOfPrincipal }, () => limit.enter("ada", watch));
  expect(refusal(() => limit.enter("ada", watch))).toMatchObject({ reason: "TOO_MANY_WATCHES" });
  limit.enter("ada", describeHierarchy)();
  limit.enter("bob", watch)();
  for (let count = 0; count < 20_000; count++) limit.enter(`subject ${count}`, describeHierarchy)();
  expect(limit.remembered).toBeLessThanOrEqual(10_000);
  // Who has something under way is not forgotten.
  refusal(() => limit.enter("ada", watch));
  leave[0]?.();
  limit.enter("ada", watch);
});

test("a server has them by its options, tells clients when to come again, and counts refusals", async () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-limits-"));
  closing.push(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "access.yaml"), accessText(principals));
  const options = ["--http-port", "0", "--access", join(folder, "access.yaml"), "--principal-rate", "1"];
  const server = await startProcess(`sqlite:${join(folder, "a.db")}`, options);
  closing.push(() => server.end());
  const call = (name: string) =>
    fetch(`${server.url}/synergos.archive.v1.ArchiveService/WhoAmI`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json", authorization: `Bearer ${tokenOf(name)}` },
    });
  const calls = await Promise.all(Array.from({ length: 100 }, () => call("ada")));
  const refusals = calls.filter(({ status }) => status === 429);
  // Two at once, and one for each second that it takes.
  expect(refusals.length).toBeGreaterThan(50);
  expect(refusals.length).toBeLessThanOrEqual(98);
  const [refused] = refusals as [Response];
  expect(refused.headers.get("retry-after")).toMatch(/^[12]$/);
  const { details } = (await refused.json()) as { details: { type: string; debug: unknown }[] };
  expect(details.find(({ type }) => type === "google.rpc.RetryInfo")?.debug).toEqual({
    retryDelay: expect.stringMatching(/^\d(\.\d+)?s$/),
  });
  expect((await call("bob")).status).toBe(200);
  const text = await (await fetch(`${server.url}/metrics`)).text();
  expect(text).toContain(`archive_calls_refused_total{cause="principal_rate"} ${refusals.length}\n`);
  expect(text).not.toContain("ada");
});

test("one principal never has all places for streams", async () => {
  const slots = new StreamSlots(3);
  const callOf = (principal: string) => Object.assign(new CallContext(), { principal });
  const first = await slots.take(callOf("ada"));
  const second = await slots.take(callOf("ada"));
  const cancelled = callOf("ada");
  const late = slots.take(cancelled);
  const third = slots.take(callOf("ada"));
  const bobs = await slots.take(callOf("bob"));
  cancelled.end(new Error("cancelled"));
  await expect(late).rejects.toThrow("cancelled");
  first();
  const others = await third;
  bobs();
  second();
  others();
  // Where nobody is known, all are everybody's.
  const all = await Promise.all(Array.from({ length: 3 }, () => slots.take(callOf(""))));
  for (const give of all) give();
});
