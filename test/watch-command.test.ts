import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { output, run, startProcess } from "./support/process.js";

vi.setConfig({ testTimeout: 60_000 });

describe("the commands about changes", () => {
  const home = mkdtempSync(join(tmpdir(), "archive-watch-"));
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  /** What is written until something is in it. */
  const shows = (child: ReturnType<typeof run>) => {
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (bytes) => (text += String(bytes)));
    return (pattern: RegExp) => expect.poll(() => text, { timeout: 20_000 }).toMatch(pattern);
  };

  test("watch goes on over a restart, says how to go on after Ctrl-C, and history tells who did what", async () => {
    const url = `sqlite:${join(home, "archive.db")}`;
    let server = await startProcess(url);
    const port = server.address.split(":")[1] as string;
    const at = ["--address", server.address];
    const create = (id: string) =>
      server.client.create("Participant", { key: { participant_id: id }, details: undefined });
    await create("first");

    const watching = run(["watch", ...at, "--existing", "--types", "participant"]);
    const written = shows(watching);
    await written(/existing {2}participant first\n/);
    await create("second");
    await written(/^2 .*created {2}participant second$/m);
    await server.end();
    await written(/The server stops: .* It is tried again\./);
    server = await startProcess(url, ["--port", port]);
    await create("third");
    await written(/^3 .*created {2}participant third$/m);
    watching.kill("SIGINT");
    await written(/go on with --since [\w-]+\n/);

    await server.client.delete("Participant", { participant_id: "first" });
    const again = run(["watch", ...at, "--since", "3", "-o", "json"]);
    await shows(again)(/"kind":\s*"CHANGE_KIND_DELETED"/);
    again.kill("SIGKILL");

    const { status, text } = await output(["history", ...at, "participant", "first"]);
    expect(status).toBe(0);
    expect(text.split("\n").map((line) => line.split(/ {2,}/)[2])).toEqual(["KIND", "deleted", "created", undefined]);
    const asJson = await output(["history", ...at, "participant", "first", "-o", "json", "--limit", "1"]);
    expect(asJson.text).toContain('"request_id"');
    await server.end();
  });

  test("a history that was renewed is begun anew, and it is said so", async () => {
    const url = `sqlite:${join(home, "renewed.db")}`;
    const server = await startProcess(url);
    const watching = run(["watch", "--address", server.address, "-o", "json"]);
    const written = shows(watching);
    await written(/"resume_token"/);
    expect((await output(["migrate", "--database-url", url, "--new-history"])).text).toContain("history: a new one");
    await written(/begin anew, with include_existing\. It begins anew/);
    watching.kill("SIGKILL");
    await server.end();
  });
});
