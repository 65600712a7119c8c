import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Archive, ArchiveError, Cascade, connect } from "../src/index.js";
import { rejection } from "./rejection.js";
import { startServer, type TestServer } from "./server.js";

let server: TestServer;
let archive: Archive;

beforeAll(async () => {
  server = await startServer();
  archive = connect(server.address);
});

afterAll(async () => {
  archive.close();
  await server.stop();
});

test("a malformed request names all that is wrong with it", async () => {
  const error = await rejection(
    archive.registration.create({
      key: { collab_id: "", project_id: " p", participant_id: "q" },
      details: { nodes: { node_0: { port: 70_000 } } },
    }),
  );
  expect(error).toBeInstanceOf(ArchiveError);
  expect(error).toMatchObject({ name: "ArchiveError", code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
  const fields = error.fieldViolations.map(({ field }) => field);
  expect(fields).toEqual(
    expect.arrayContaining(["key.collab_id", "key.project_id", "details.role", "details.n_count"]),
  );
  expect(fields.some((field) => field.includes("port"))).toBe(true);
  for (const { description } of error.fieldViolations) expect(description).not.toBe("");
});

test("missing parents are named, the nearest the root first", async () => {
  const key = { collab_id: "c", project_id: "p", expt_id: "e", run_id: "r" };
  const error = await rejection(archive.run.create({ key }));
  expect(error).toMatchObject({
    code: "FAILED_PRECONDITION",
    reason: "PARENT_NOT_FOUND",
    metadata: { missing: "Collaboration,Project,Experiment" },
  });
  expect(error.preconditionViolations.map(({ subject }) => subject)).toEqual([
    "Collaboration/c",
    "Project/c/p",
    "Experiment/c/p/e",
  ]);
});

test("a missing record is named", async () => {
  const error = await rejection(archive.project.get({ key: { collab_id: "c", project_id: "p" } }));
  expect(error).toMatchObject({
    code: "NOT_FOUND",
    reason: "RECORD_NOT_FOUND",
    resource: { type: "Project", name: "c/p" },
  });
  expect(error.message).toContain("c/p");
  expect(error.stack, "the caller is on the stack").toContain("errors.test.ts");
});

test("relations that stand in the way are counted", async () => {
  await archive.collaboration.create({ key: { collab_id: "full" } });
  await archive.project.create({ key: { collab_id: "full", project_id: "p" }, details: { incentives: {} } });
  const request = { key: { collab_id: "full" }, cascade: Cascade.CASCADE_RESTRICT };
  expect(await rejection(archive.collaboration.delete(request))).toMatchObject({
    code: "FAILED_PRECONDITION",
    reason: "HAS_RELATIONS",
    metadata: { Project: "1" },
  });
});

test("what cannot be encoded is refused without a call", async () => {
  const key = { collab_id: "c", project_id: "p", expt_id: "e", run_id: "r" };
  expect(await rejection(archive.run.create({ key, details: { epochs: 1.5 } }))).toMatchObject({
    code: "INVALID_ARGUMENT",
    reason: "INVALID_FIELD",
    message: expect.stringContaining("1.5"),
  });
});

test("a stream's error comes as others do", async () => {
  const stream = archive.streamDescendants({ key: { collaboration: { collab_id: "none" } } });
  expect(await rejection(stream.next())).toMatchObject({ code: "NOT_FOUND", reason: "RECORD_NOT_FOUND" });
});

test("an archive that is not there is UNAVAILABLE", async () => {
  const free = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => free.once("listening", resolve));
  const address = free.address();
  await new Promise((resolve) => free.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  const nobody = connect(`127.0.0.1:${address.port}`, { retry: false });
  expect(await rejection(nobody.describeHierarchy())).toMatchObject({
    code: "UNAVAILABLE",
    reason: "UNAVAILABLE",
    message: expect.stringMatching(new RegExp(`^127.0.0.1:${address.port}: .*ECONNREFUSED`)),
  });
  nobody.close();
});
