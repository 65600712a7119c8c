import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import type { Caller } from "../records/caller.js";
import type { Ids } from "../records/ids.js";
import { maskDetails } from "../records/mask-details.js";
import { type Message, type MessageShape, messageShape } from "../records/message-shape.js";
import { randomMark } from "../records/random-mark.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { fromStoredJson, toStoredJson } from "../records/stored-json.js";
import { fromStoredTime, storedNow, type Timestamp } from "../records/times.js";
import type { NewRecord, RecordTree, StoredRecord } from "../storage/store.js";

/** A record of any type, as the generated messages hold it. */
export interface RecordMessage {
  key: Ids;
  details: Message;
  link?: Ids | undefined;
  record_id: bigint;
  created_at: Timestamp | undefined;
  updated_at: Timestamp | undefined;
  etag: string;
  relations: Message | undefined;
  ancestors: Message | undefined;
  created_by: string;
  updated_by: string;
  masked: readonly string[];
}

const shapes = new Map(recordTypes.map((type) => [type, messageShape(`${type.name}Details`)]));

/** The shape of a record type's details. */
export function detailsShape(type: RecordType): MessageShape {
  return shapes.get(type) ?? messageShape(`${type.name}Details`);
}

/** Details that say nothing. */
export const emptyDetails = (type: RecordType): Message => fromStoredJson(detailsShape(type), "{}");

/** Whether stored details say the same, in whatever order. */
export const sameDetails = (one: string, other: string): boolean =>
  one === other || isDeepStrictEqual(JSON.parse(one), JSON.parse(other));

/** The details of a stored record. */
export const detailsOf = (record: StoredRecord): Message => fromStoredJson(detailsShape(record.type), record.details);

/** The details of a stored record as a message whose fields nobody reads: it is sent, and its encoding may be at hand. */
export class StoredDetails {
  readonly [name: string]: unknown;
  #message: Message | undefined;

  constructor(
    readonly record: StoredRecord,
    /** Whether they are some of many that are sent once. */
    readonly passing = false,
  ) {}

  /** Reads them before they are asked for. As a message they take several times as much memory. */
  read(): void {
    this.#message = detailsOf(this.record);
  }

  decoded(): Message {
    return this.#message ?? detailsOf(this.record);
  }
}

const decoded = (details: Message): Message => (details instanceof StoredDetails ? details.decoded() : details);

/** A record in view BASIC, as much of it as there is for the caller. The only place that shows what is stored. */
export function basicRecord(
  record: StoredRecord,
  { sight }: Caller,
  details: Message = new StoredDetails(record),
): RecordMessage {
  const { type, key, links, recordId, createdAt, updatedAt, etag, createdBy, updatedBy } = record;
  const created = fromStoredTime(createdAt);
  const hidden = sight?.hidden(type, key);
  const masked: string[] = [];
  const message: RecordMessage = {
    key,
    details: hidden ? maskDetails(detailsShape(type), decoded(details), hidden, masked) : details,
    record_id: BigInt(recordId),
    created_at: created,
    updated_at: updatedAt === createdAt ? created : fromStoredTime(updatedAt),
    etag,
    relations: undefined,
    ancestors: undefined,
    created_by: createdBy,
    updated_by: updatedBy,
    masked,
  };
  if (type.link) message.link = Object.fromEntries(type.links.map(({ link }, index) => [link, links[index] ?? ""]));
  return message;
}

/** A record as it is to be shown: in view FULL, or alone. */
export type ShownRecord = RecordTree | { readonly record: StoredRecord; readonly relations?: undefined };

/** A list of records in a response. Each is made only when it is encoded: all of them at once take much memory. */
export class RecordList {
  /** About as many bytes as they have, as they are stored. */
  readonly size: number;

  constructor(
    private readonly records: readonly ShownRecord[],
    private readonly caller: Caller,
  ) {
    this.size = records.reduce(
      (sum, { record, relations = [] }) =>
        relations.reduce((all, { details }) => all + details.length, sum + record.details.length),
      0,
    );
  }

  *[Symbol.iterator](): Generator<RecordMessage> {
    for (const shown of this.records) {
      yield shown.relations ? fullRecord(shown, this.caller) : basicRecord(shown.record, this.caller);
    }
  }
}

/** A record in view FULL. */
export function fullRecord({ record, ancestors, relations }: RecordTree, caller: Caller): RecordMessage {
  const related = new Map<RecordType, ShownRecord[]>();
  for (const type of recordTypes) if (type.ancestors.length > 0) related.set(type, []);
  for (const relation of relations) related.get(relation.type)?.push({ record: relation });
  return {
    ...basicRecord(record, caller),
    relations: Object.fromEntries(
      [...related].map(([type, records]) => [type.plural, new RecordList(records, caller)]),
    ),
    ancestors: Object.fromEntries(ancestors.map((ancestor) => [ancestor.type.field, basicRecord(ancestor, caller)])),
  };
}

/** A record in the message that holds one of any type. The case is the type's own, which no compiler can know. */
export const archiveRecord = (type: RecordType, value: RecordMessage): ArchiveRecord => ({
  record: { $case: type.field, value } as unknown as ArchiveRecord["record"],
});

/** A record that is to be created now, by somebody. */
export function newRecord(
  type: RecordType,
  key: RecordMessage["key"],
  details: Message,
  { principal }: Caller,
): NewRecord {
  const now = storedNow();
  return {
    type,
    key,
    link: type.link && randomUUID().replaceAll("-", ""),
    details: toStoredJson(detailsShape(type), details),
    createdAt: now,
    updatedAt: now,
    etag: randomMark(),
    createdBy: principal,
    updatedBy: principal,
  };
}

/** A stored record with other details, changed now by somebody. Its time of change never goes back, whatever the clock says. */
export function changedRecord(record: StoredRecord, details: Message, { principal }: Caller): StoredRecord {
  const now = storedNow();
  return {
    ...record,
    details: toStoredJson(detailsShape(record.type), details),
    updatedAt: now > record.updatedAt ? now : record.updatedAt,
    etag: randomMark(),
    updatedBy: principal,
  };
}
