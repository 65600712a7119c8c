import type { ImportRequest, WriteOperation } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { OnConflict } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { PredictionKey } from "../../generated/ts/synergos/archive/v1/records.js";
import { archiveRecord } from "../../src/archive/record-message.js";
import type { Message } from "../../src/records/message-shape.js";
import { type RecordName, recordType, recordTypes } from "../../src/records/record-type.js";
import { unsaid } from "../../src/records/unsaid.js";
import type { ArchiveClient, CallOptions } from "./client.js";
import { details, ids, type Key, keyOf, someDetails } from "./records.js";

/** A write of a kind that has statements of its own, to records of `fillTables`. */
export interface KindOfWrite {
  readonly name: string;
  /** Whether it finds no connection, and has to open one. */
  readonly connects?: boolean;
  /** Does it once; `etag` is that of the run which it may change. */
  run(client: ArchiveClient, etag: string, options: CallOptions): Promise<unknown>;
}

const [grid, other] = [ids("1"), { ...ids("1"), participant_id: "participant_2" }];
const key = (name: RecordName, from: Record<string, string> = grid) => keyOf(recordType(name), from);
const runKey = (run_id: string): Key => ({ ...key("Run"), run_id });

export const changedRun = key("Run");

export const recordOf = (name: RecordName, itsKey: Key, given: Message = someDetails(name)) =>
  archiveRecord(recordType(name), { key: itsKey, details: given, ...unsaid });

const seeds = (seed: bigint) => details("Run", { rounds: 3n, seed });

const importAll = (client: ArchiveClient, records: ImportRequest["records"], options?: CallOptions) =>
  client.import([records], { on_conflict: OnConflict.ON_CONFLICT_REPLACE }, options);

/** A grid with one record of each type, a second participant's registration and tag, and nothing else. */
export async function fillTables(client: ArchiveClient): Promise<void> {
  await client.delete("Collaboration", key("Collaboration"), { allow_missing: true });
  const ofOther = (["Participant", "Registration", "Tag"] as const).map((name) => recordOf(name, key(name, other)));
  await importAll(client, [...recordTypes.map(({ name }) => recordOf(name, key(name))), ...ofOther]);
  await probe(client);
}

/** A write that changes nothing but times and etags. */
export async function probe(client: ArchiveClient): Promise<void> {
  const itsKey = { participant_id: "probe" };
  await client.update("Participant", { key: itsKey, details: undefined, allow_missing: true });
}

const create = (client: ArchiveClient, options: CallOptions) =>
  client.create("Run", { key: runKey("new"), details: seeds(1n) }, options);

const batch = (etag: string): WriteOperation["operation"][] => [
  { $case: "create", value: { record: recordOf("Run", runKey("new")) } },
  {
    $case: "update",
    value: { record: recordOf("Run", changedRun, seeds(2n)), update_mask: undefined, allow_missing: false, etag },
  },
  {
    $case: "delete",
    value: {
      key: { key: { $case: "prediction", value: key("Prediction") as unknown as PredictionKey } },
      etag: "",
      allow_missing: false,
      cascade: 0,
    },
  },
];

/** New records, and one that is replaced. */
const imported = [
  recordOf("Run", changedRun, seeds(2n)),
  ...Array.from({ length: 10 }, (_, index) => recordOf("Run", runKey(`new ${index}`))),
  recordOf("Model", { ...key("Model"), run_id: "new 1" }),
];

export const kindsOfWrites: readonly KindOfWrite[] = [
  { name: "a create that has to connect", connects: true, run: (client, _, options) => create(client, options) },
  { name: "a create", run: (client, _, options) => create(client, options) },
  {
    name: "a create with inherited links",
    run: (client, _, options) =>
      client.create("Alignment", { key: key("Alignment", other), details: someDetails("Alignment") }, options),
  },
  {
    name: "a replacing update",
    run: (client, etag, options) => client.update("Run", { key: changedRun, details: seeds(2n), etag }, options),
  },
  {
    name: "a masked update",
    run: (client, etag, options) =>
      client.update("Run", { key: changedRun, details: seeds(2n), update_mask: ["seed"], etag }, options),
  },
  {
    name: "a delete of a leaf",
    run: (client, _, options) => client.delete("Validation", key("Validation"), {}, options),
  },
  { name: "a delete of a model", run: (client, _, options) => client.delete("Model", key("Model"), {}, options) },
  { name: "a cascade", run: (client, _, options) => client.delete("Project", key("Project"), {}, options) },
  {
    name: "a batch",
    run: (client, etag, options) =>
      client.batchWrite({ operations: batch(etag).map((operation) => ({ operation })) }, options),
  },
  {
    name: "an import",
    run: (client, _, options) => importAll(client, imported, options),
  },
];
