import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { recordTypes } from "../src/records/record-type.js";
import { startProcess } from "./support/process.js";

test("the server serves what grpcurl lists: thirteen archive services, health and reflection", async () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-reflection-"));
  const grpcurl = execFileSync("scripts/grpcurl", { encoding: "utf8" }).trim();
  const server = await startProcess(`sqlite:${join(folder, "archive.db")}`);
  try {
    const ask = (...parameters: string[]) => execFileSync(grpcurl, ["-plaintext", ...parameters], { encoding: "utf8" });
    const services = ask(server.address, "list").trim().split("\n");
    expect(services).toEqual(
      [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "synergos.archive.v1.ArchiveService",
        ...recordTypes.map(({ name }) => `synergos.archive.v1.${name}Service`),
      ].sort(),
    );
    for (const service of services) expect(ask(server.address, "describe", service)).toContain("rpc ");
    for (const symbol of [
      "synergos.archive.v1.RunDetails",
      "synergos.archive.v1.RunService.CreateRun",
      "google.rpc.BadRequest",
    ]) {
      expect(ask(server.address, "describe", symbol)).toContain("is a");
    }
    expect(ask(server.address, "grpc.health.v1.Health/Check")).toContain("SERVING");
    // The other client that comes with the project.
    const buf = [
      "curl",
      "--protocol",
      "grpc",
      "--reflect",
      "--http2-prior-knowledge",
      `http://${server.address}/grpc.health.v1.Health/Check`,
    ];
    expect(execFileSync("node_modules/.bin/buf", buf, { encoding: "utf8" })).toContain("SERVING");
  } finally {
    await server.end();
    rmSync(folder, { recursive: true });
  }
});
