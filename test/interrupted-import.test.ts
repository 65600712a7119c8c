import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { runProgram } from "./support/command.js";
import { countTables, createDatabase } from "./support/database.js";
import { startProcess } from "./support/process.js";
import { tinyDbFile } from "./support/tinydb.js";

describe.each(inject("engines"))("an import on $name", (engine) => {
  test("that is killed, with its client or its server, and run again, ends as if it had not been", async () => {
    const file = tinyDbFile(3000);
    const folder = mkdtempSync(join(tmpdir(), "archive-test-"));
    const at = (name: string) => join(folder, name);
    writeFileSync(at("file.json"), file.text);
    const [killed, whole] = [await createDatabase(engine), await createDatabase(engine)];
    const count = async () => Object.values(await countTables(killed)).reduce((sum, number) => sum + number, 0);
    const all = Object.values(file.counts).reduce((sum, number) => sum + number, 0) - Object.keys(file.refused).length;
    let server = await startProcess(killed.url, ["--migrate"]);
    const run = (...parameters: string[]) => runProgram([...parameters, "--address", server.address]);
    try {
      // Killed as soon as a line says how far it is.
      const first = await runProgram(["import", at("file.json"), "--address", server.address], {
        watch: (written, kill) => /\d+ of/.test(written) && kill(),
      });
      expect(first.status).toBe(null);
      expect(await count()).toBeLessThan(all);
      const second = await runProgram(["import", at("file.json"), "--address", server.address], {
        watch: (written) => /\d+ of/.test(written) && server.child.kill("SIGKILL"),
      });
      expect([second.status, second.stderr]).toEqual([8, expect.stringContaining("run it again to go on")]);
      await server.end();
      server = await startProcess(killed.url);
      const half = await count();
      expect([half > 0, half < all]).toEqual([true, true]);
      expect((await run("import", at("file.json"))).status).toBe(11);
      expect((await run("export", "--file", at("killed"))).status).toBe(0);
      await server.end();
      server = await startProcess(whole.url, ["--migrate"]);
      expect((await run("import", at("file.json"))).status).toBe(11);
      expect((await run("export", "--file", at("whole"))).status).toBe(0);
      expect(await count()).toBe(all);
      expect(readFileSync(at("killed"), "utf8")).toBe(readFileSync(at("whole"), "utf8"));
    } finally {
      await server.end("SIGKILL");
      rmSync(folder, { recursive: true });
      await Promise.all([killed.drop(), whole.drop()]);
    }
  });
});
