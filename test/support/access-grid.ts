import type { Ids } from "../../src/records/ids.js";
import type { RecordType } from "../../src/records/record-type.js";
import { recordTypes } from "../../src/records/record-type.js";
import { accessText, clientOf, openAccess } from "./access.js";
import { type Asker, may } from "./access-oracle.js";
import { startArchive, type TestArchive } from "./archive.js";
import { type ArchiveClient, CallError } from "./client.js";
import type { Engine } from "./databases.js";
import { createGrid, ids, type Key, keyOf } from "./records.js";

const own: Ids = { ...ids("own"), name: "own" };
const foreign: Ids = { ...ids("foreign"), name: "foreign" };
/** In the own collaboration, but another participant's. */
const neighbour: Ids = { ...own, participant_id: foreign.participant_id as string };
const missing: Ids = { ...own, ...Object.fromEntries(Object.keys(own).map((field) => [field, "missing"])) };
const missingWithin: Ids = {
  ...missing,
  collab_id: own.collab_id as string,
  collaboration: own.collaboration as string,
  participant_id: own.participant_id as string,
};

/** The ids of records that are the caller's and that are not, that are there and that are not. */
export const places = { own, foreign, neighbour, missing, missingWithin };
export type Place = keyof typeof places;
export const placeNames = Object.keys(places) as Place[];
const grids = [own, foreign, neighbour];

const collab = own.collab_id as string;
const participant = own.participant_id as string;

/** Who asks, in the oracle's words. */
export const askers: Readonly<Record<string, Asker>> = {
  administrator: { role: "administrator" },
  director: { role: "orchestrator" },
  orchestrator: { role: "orchestrator", collab },
  participant: { role: "participant", collab, participant },
  reader: { role: "reader", collab },
  nobody: { role: "nobody" },
};
const scope = { collab_id: collab };
const text = accessText({
  administrator: [{ role: "administrator" }],
  director: [{ role: "orchestrator", scope: {} }],
  orchestrator: [{ role: "orchestrator", scope }],
  participant: [{ role: "participant", scope, participant }],
  reader: [{ role: "reader", scope }],
  nobody: [],
});

/** OK, or the reason of an error. */
export const outcomeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "OK",
    (error: unknown) => (error instanceof CallError ? (error.reason ?? error.code) : String(error)),
  );

/** Whether a record is there. */
export const exists = (type: RecordType, place: Place): boolean =>
  !place.startsWith("missing") || type.key.every((field) => places[place][field] === own[field]);

/** The keys of all records that are there of a type. */
export function keysThere(type: RecordType): Key[] {
  const keys = grids.map((grid) => keyOf(type, grid));
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
}

/** The keys of those that there are for somebody. */
export const keysFor = (asker: Asker, type: RecordType): Key[] =>
  keysThere(type).filter((key) => may(asker, "read", type.name, key));

/** Whether somebody may create a record: it sees the parents, too. */
export const mayCreate = (asker: Asker, type: RecordType, key: Key): boolean =>
  may(asker, "write", type.name, key) && type.parents.every((parent) => may(asker, "read", parent.name, key));

/** Whether somebody sees all records of a type that may be below a record, whatever there is. */
export const seesAll = (asker: Asker, each: RecordType, key: Key): boolean =>
  [...grids, missing].every((grid) => may(asker, "read", each.name, { ...keyOf(each, grid), ...key }));

/** An archive with a grid of the caller's, one of others', and a client of each who asks. */
export async function startAccessGrid(engine: Engine) {
  const opened = openAccess(text);
  const archive: TestArchive = await startArchive(engine, { access: opened.access });
  const clients = new Map(Object.keys(askers).map((name) => [name, clientOf(archive.address, name)]));
  const as = (name: string) => clients.get(name) as ArchiveClient;
  const administrator = as("administrator");
  await createGrid(administrator, own);
  await createGrid(administrator, foreign);
  const without = recordTypes.filter(({ key, name }) => key.includes("participant_id") && name !== "Participant");
  await createGrid(administrator, neighbour, without);
  return {
    archive,
    as,
    administrator,
    async close() {
      for (const client of clients.values()) client.close();
      await archive.close();
      opened.close();
    },
  };
}

export type AccessGrid = Awaited<ReturnType<typeof startAccessGrid>>;
