import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startProcess } from "./support/process.js";
import { steady, tour } from "./support/readme-tour.js";

/** A line of grpcurl with one request, as one of curl. */
const asCurl = (line: string, url: string) =>
  line
    .replace("grpcurl -plaintext", "curl -sS -H 'content-type: application/json'")
    .replace("127.0.0.1:50051 ", `${url}/`)
    .replace(/^(?!.* -d )curl/, "curl -d '{}'");

const isCall = (line: string) => /Service\/(Create|Get|List|Update|Delete|Count|Describe)/.test(line);

test("curl goes the README's tour, with the same answers and the same errors", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-tour-"));
  const server = await startProcess(`sqlite:${join(folder, "archive.db")}`, ["--http-port", "0"]);
  let [answers, errors] = [0, 0];
  try {
    for (const { lines, shown } of tour()) {
      let said = "";
      for (const line of lines.filter(isCall)) {
        const { status, stdout, stderr } = spawnSync("bash", ["-c", asCurl(line, server.url)], { encoding: "utf8" });
        expect([line, status, stderr]).toEqual([line, 0, ""]);
        said = stdout;
      }
      if (shown.startsWith("ERROR")) {
        const { code, message } = JSON.parse(said);
        expect([steady(shown), code]).toEqual([expect.stringContaining(message), expect.any(String)]);
        errors++;
      } else if (shown.startsWith("{") && !shown.includes("…")) {
        // Members may come in another order.
        const answer = (text: string) => JSON.parse(steady(JSON.stringify(JSON.parse(text), null, 1)));
        expect(answer(said)).toEqual(answer(shown));
        answers++;
      }
    }
    expect([answers > 2, errors > 0]).toEqual([true, true]);
  } finally {
    await server.end();
    rmSync(folder, { recursive: true, force: true });
  }
});
