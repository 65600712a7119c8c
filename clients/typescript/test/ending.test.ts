import { execFile } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Archive, connect } from "../src/index.js";
import { rejection } from "./rejection.js";
import { startServer, type TestServer } from "./server.js";

let server: TestServer;
let archive: Archive;

beforeAll(async () => {
  server = await startServer();
  archive = connect(server.address);
  await archive.collaboration.create({ key: { collab_id: "c" } });
  await archive.project.create({ key: { collab_id: "c", project_id: "p" }, details: { incentives: {} } });
  await archive.experiment.create({ key: { collab_id: "c", project_id: "p", expt_id: "e" } });
  for (let index = 0; index < 12; index++) {
    const attributes = { text: "x".repeat(2 ** 20) };
    const key = { collab_id: "c", project_id: "p", expt_id: "e", run_id: `r${index}` };
    await archive.run.create({ key, details: { attributes } });
  }
});

afterAll(async () => {
  archive.close();
  await server.stop();
});

test("a stream that is neither finished nor returned ends with close()", async () => {
  const own = connect(server.address);
  const stream = own.streamDescendants();
  await stream.next();
  own.close();
  const rest = async () => {
    while (!(await stream.next()).done);
  };
  expect(await rejection(rest())).toMatchObject({ code: "CANCELLED", reason: "CLOSED" });
});

test("a pause before a retry ends with close(), with the error that it was for", async () => {
  const own = connect("127.0.0.1:1");
  const call = rejection(own.describeHierarchy());
  setTimeout(() => own.close(), 100);
  expect(await call).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("127.0.0.1:1") });
});

test("a program ends once it has closed, whatever it left behind", async () => {
  const program = `
    import { connect } from "${new URL("../src/index.ts", import.meta.url)}";
    const archive = connect("${server.address}");
    const stream = archive.streamDescendants();
    await stream.next();
    const signal = new AbortController().signal;
    await archive.describeHierarchy({ signal, timeout: 100_000 });
    const away = connect("127.0.0.1:1");
    away.describeHierarchy({ timeout: 100_000, signal }).catch(() => {});
    const token = connect("${server.address}", { token: () => new Promise(() => {}) });
    token.describeHierarchy({ timeout: 100_000 }).catch((error) => console.log(error.reason));
    setTimeout(() => [archive, away, token].forEach((each) => each.close()), 200);
  `;
  const tsx = ["--import", "tsx", "--input-type=module", "--eval", program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, tsx, { timeout: 30_000 });
  expect({ stdout, stderr }).toEqual({ stdout: "CLOSED\n", stderr: "" });
});

test("any number of calls share a signal without a warning, and leave nothing at it", async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on("warning", warn);
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<AbortSignal["addEventListener"]>) => {
    listeners += 1;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<AbortSignal["addEventListener"]>) => {
    listeners -= 1;
    removeEventListener.apply(signal, args);
  };
  const calls = Array.from({ length: 50 }, () => archive.describeHierarchy({ signal }));
  const streams = Array.from({ length: 20 }, async () => {
    for await (const _ of archive.streamDescendants({}, { signal })) break;
  });
  await Promise.all([...calls, ...streams]);
  await new Promise(setImmediate);
  process.off("warning", warn);
  expect(warnings).toEqual([]);
  expect(listeners).toBe(0);
});

test("a signal ends all calls that share it", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from({ length: 30 }, () => rejection(connect("127.0.0.1:1").describeHierarchy({ signal })));
  setTimeout(() => controller.abort(new Error("enough")), 50);
  await once(signal, "abort");
  for (const error of await Promise.all(calls)) {
    expect(error).toMatchObject({ code: "CANCELLED", cause: { message: "enough" } });
  }
});
