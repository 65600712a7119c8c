import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess } from "../support/process.js";

/** A server over a database of its own, in an empty folder, with further options. */
export async function serve(options: (folder: string) => Promise<readonly string[]> = async () => []) {
  const folder = await mkdtemp(join(tmpdir(), "archive-clients-"));
  const server = await startProcess(`sqlite:${join(folder, "archive.db")}`, [...(await options(folder))]);
  return {
    address: server.address,
    folder,
    async stop() {
      await server.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
