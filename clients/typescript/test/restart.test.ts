import { expect, test } from "vitest";
import { ArchiveError, connect } from "../src/index.js";
import { startServer } from "./server.js";

const kills = 4;
const perKill = 60;

/** Writes while the server is killed and started again, in the middle of calls. Returns what was acknowledged. */
async function writeThroughKills(
  write: (archive: ReturnType<typeof connect>, participant_id: string) => Promise<bigint | undefined>,
): Promise<void> {
  const server = await startServer();
  const archive = connect(server.address);
  const acknowledged = new Map<string, bigint | undefined>();
  let restarting = Promise.resolve();
  const writer = async (name: string) => {
    for (let index = 0; index < (kills * perKill) / 2; index++) {
      const id = `${name}-${String(index).padStart(4, "0")}`;
      acknowledged.set(id, await write(archive, id));
      if (acknowledged.size % perKill === perKill / 2) {
        restarting = restarting.then(async () => {
          await server.kill();
          await server.restart();
        });
      }
    }
  };
  try {
    await Promise.all([writer("a"), writer("b")]);
    await restarting;
    const found = new Map<string, bigint>();
    for await (const { key, record_id } of archive.participant.list()) found.set(key?.participant_id ?? "", record_id);
    expect([...found.keys()]).toEqual([...acknowledged.keys()].sort());
    expect(new Set(found.values()).size).toBe(found.size);
    for (const [id, record_id] of acknowledged) {
      if (record_id !== undefined) expect(found.get(id), "written once").toBe(record_id);
    }
  } finally {
    archive.close();
    await restarting;
    await server.stop();
  }
}

/** Writes until it is known that it was done: nobody else writes these records, so that doing it twice is harmless. */
async function untilKnown<Answer>(write: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof ArchiveError && error.outcomeUnknown)) throw error;
    }
  }
}

test("a loop of upserts goes on while the server is killed and restarted; nothing is lost", async () => {
  await writeThroughKills(async (archive, participant_id) => {
    const { record_id } = await untilKnown(() => archive.participant.upsert({ key: { participant_id } }));
    return record_id;
  });
});

test("so does one of creates, of which one whose answer was lost finds its record written", async () => {
  await writeThroughKills(async (archive, participant_id) => {
    try {
      const { record_id } = await untilKnown(() => archive.participant.create({ key: { participant_id } }));
      return record_id;
    } catch (error) {
      if (error instanceof ArchiveError && error.reason === "RECORD_EXISTS") return undefined;
      throw error;
    }
  });
});
