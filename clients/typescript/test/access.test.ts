import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Archive, connect, Role } from "../src/index.js";
import { rejection } from "./rejection.js";
import { startServer, type TestServer } from "./server.js";

const tokenOf = (name: string) => `token-of-${name}`;
const principal = (name: string, grant: object) => ({
  name,
  tokens: [{ sha256: createHash("sha256").update(tokenOf(name)).digest("hex") }],
  grants: [grant],
});
const participant = (name: string) =>
  principal(name, { role: "participant", participant: name, scope: { collab_id: "c" } });

let folder: string;
let server: TestServer;
const opened: Archive[] = [];
const as = (name: string) => {
  // A function is asked before each call, so that it can bring a fresh token.
  const archive = connect(server.address, { token: async () => tokenOf(name) });
  opened.push(archive);
  return archive;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "archive-access-"));
  const orchestrator = principal("orchestrator", { role: "orchestrator", scope: {} });
  const principals = [orchestrator, participant("heart"), participant("lung")];
  await writeFile(join(folder, "access.yaml"), JSON.stringify({ principals }));
  server = await startServer("--access", join(folder, "access.yaml"));
  const archive = as("orchestrator");
  await archive.collaboration.create({ key: { collab_id: "c" } });
  await archive.project.create({ key: { collab_id: "c", project_id: "p" }, details: { incentives: {} } });
  for (const participant_id of ["heart", "lung"]) await archive.participant.create({ key: { participant_id } });
});

afterAll(async () => {
  for (const archive of opened) archive.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

test("a participant has what is its own", async () => {
  const archive = as("heart");
  const key = { collab_id: "c", project_id: "p", participant_id: "heart" };
  const nodes = { node_0: { host: "h", port: 1 } };
  const registered = await archive.registration.create({ key, details: { role: Role.ROLE_GUEST, n_count: 1n, nodes } });
  expect(registered).toMatchObject({ created_by: "heart", masked: [] });
  const ids: string[] = [];
  for await (const each of archive.participant.list()) ids.push(each.key?.participant_id ?? "");
  expect(ids).toEqual(["heart"]);
  const other = { ...key, participant_id: "lung" };
  const denied = { code: "PERMISSION_DENIED", reason: "ACCESS_DENIED" };
  expect(await rejection(archive.registration.get({ key: other }))).toMatchObject(denied);
  expect(await rejection(archive.registration.delete({ key: other }))).toMatchObject(denied);
});

test("an orchestrator sees no addresses of people, but those of machines", async () => {
  const [participants, registrations] = [[], []] as { masked: string[] }[][];
  for await (const each of as("orchestrator").participant.list()) participants?.push(each);
  for await (const each of as("orchestrator").registration.list()) registrations?.push(each);
  expect(participants?.map(({ masked }) => masked)).toEqual(Array(2).fill(["phone", "email", "socials", "attributes"]));
  expect(registrations?.map(({ masked }) => masked)).toEqual([[]]);
});

test("everybody is told who they are", async () => {
  expect(await as("heart").whoAmI()).toMatchObject({
    principal: "heart",
    grants: [{ role: "participant", scope: { collab_id: "c" }, participant_id: "heart" }],
  });
});

test("who is not known gets nothing", async () => {
  const nobody = connect(server.address);
  opened.push(nobody);
  const code = "UNAUTHENTICATED";
  expect(await rejection(nobody.run.list().next())).toMatchObject({ code, reason: "CREDENTIAL_MISSING" });
  expect(await rejection(as("stranger").whoAmI())).toMatchObject({ code, reason: "CREDENTIAL_INVALID" });
});
