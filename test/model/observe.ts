import type { ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import type { RecordMessage } from "../../src/archive/record-message.js";
import type { Ids } from "../../src/records/ids.js";
import type { Message } from "../../src/records/message-shape.js";
import { type RecordName, recordType, recordTypeOfField, recordTypes } from "../../src/records/record-type.js";
import { type ArchiveClient, CallError, type CallOptions } from "../support/client.js";
import { View } from "../support/records.js";
import { detailsOf, valuesOf } from "./details.js";
import { keyOf, type Values, type Write } from "./hierarchy-model.js";
import { archiveKey, archiveRecord, cascadeOf, countsOf, maskOf, onConflicts, writeOperation } from "./requests.js";
import { type SingleAnswer, type SingleCall, sorted } from "./single-call.js";

/** A record as it was answered, with the service's own etag: none in a dry run. */
export interface SeenEntry {
  readonly type: string;
  readonly ids: Ids;
  readonly values: Values;
  readonly etag: string;
}

/** What the service answered; what each write made of its record; and the token for the page after a page. */
export interface Observation {
  readonly answer: SingleAnswer<SeenEntry>;
  readonly written?: readonly (SeenEntry | undefined)[];
  readonly token?: string;
}

/** The errors that say what the archive held. What else a call ends with is told apart by `observe`. */
const reasons = ["RECORD_EXISTS", "RECORD_NOT_FOUND", "PARENT_NOT_FOUND", "HAS_RELATIONS", "ETAG_MISMATCH"];

/** The errors after which nobody knows whether the call has done its work. */
const unknown = ["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"];

/** Where a call goes, beside what it does. */
interface Way {
  readonly client: ArchiveClient;
  /** The service's etag for that of the model. */
  readonly etagOf: (write: Write) => string;
  readonly token?: string;
  readonly options?: CallOptions;
}

/**
 * Makes a call, and resolves to what was answered: "nothing done" where others were in the way, "unknown" where the call
 * has done its work, or will, or not. Fails where the call ends with an error that it should never end with.
 */
export async function observe(call: SingleCall, way: Way): Promise<Observation | "nothing done" | "unknown"> {
  try {
    return await answered(call, way);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (error.reason && reasons.includes(error.reason)) return { answer: { reason: error.reason } };
    if (error.reason === "CONFLICT") return "nothing done";
    if (unknown.includes(error.code)) return "unknown";
    throw new Error(`${JSON.stringify(call)} ended with ${error.code} ${error.reason ?? ""}: ${error.message}`);
  }
}

async function answered(call: SingleCall, { client, etagOf, token = "", options }: Way): Promise<Observation> {
  switch (call.kind) {
    case "write": {
      const answer = await written(call, client, etagOf(call.write), options);
      const isKept = call.write.verb !== "delete" && !call.validateOnly;
      return isKept ? { answer, written: answer.entries ?? [] } : { answer };
    }
    case "get": {
      const { type, ids, full } = call;
      const request = { view: full ? View.VIEW_FULL : View.VIEW_BASIC };
      return {
        answer: { entries: tree(type, await client.get(type as RecordName, keyOf(type, ids), request, options)) },
      };
    }
    case "page": {
      const { type, filter, prefix, size } = call;
      const request = { filter: { ...filter, id_prefix: prefix }, page_size: size, page_token: token };
      const { records, next_page_token } = await client.list(type as RecordName, request, options);
      const entries = records.map((record) => seen(type, record));
      return { answer: { entries, more: next_page_token !== "" }, token: next_page_token };
    }
    case "stream": {
      const [root, ...below] = await streamed(client, call, options);
      return { answer: { entries: root ? [root, ...sorted(below)] : [] } };
    }
    case "count":
      return { answer: { counts: [await client.counts(archiveKey(call.type, call.ids).key)] } };
    case "batch": {
      const operations = call.writes.map((write) => writeOperation(write, etagOf(write)));
      const { results } = await client.batchWrite({ operations }, options);
      const isDelete = (index: number) => call.writes[index]?.verb === "delete";
      const records = results.map(({ record }) => record && ofAnyType(record));
      return {
        answer: {
          entries: records.flatMap((record) => record ?? []),
          counts: results.flatMap(({ deleted }, index) => (isDelete(index) ? [countsOf(deleted)] : [])),
        },
        written: records.map((record, index) => (isDelete(index) ? undefined : record)),
      };
    }
    case "import": {
      const { type, ids, values, onConflict } = call;
      const request = { on_conflict: onConflicts[onConflict], validate_only: false };
      const { counts, refusals } = await client.import([[archiveRecord(type, ids, values)]], request);
      const [refusal] = refusals;
      if (refusal) return { answer: { reason: refusal.reason } };
      const outcomes = Object.entries(counts[0] ?? {}).filter(([name]) => name !== "record_type");
      const outcome = outcomes.find(([, count]) => Number(count) > 0)?.[0];
      return { answer: outcome ? { outcome } : {} };
    }
  }
}

async function written(
  { write, validateOnly, full }: SingleCall & { kind: "write" },
  client: ArchiveClient,
  etag: string,
  options: CallOptions | undefined,
): Promise<SingleAnswer<SeenEntry>> {
  const { type, ids, verb } = write;
  const name = type as RecordName;
  const key = keyOf(type, ids);
  if (verb === "create") {
    const request = { key, details: detailsOf(type, write.values), validate_only: validateOnly };
    return { entries: [seen(type, await client.create(name, request, options))] };
  }
  if (verb === "update") {
    const update_mask = maskOf(type, write.mask);
    const request = {
      key,
      details: detailsOf(type, write.values),
      update_mask,
      allow_missing: write.allowMissing,
      etag,
    };
    return { entries: [seen(type, await client.update(name, request, options))] };
  }
  const request = {
    etag,
    allow_missing: write.allowMissing,
    cascade: cascadeOf(write.restrict),
    validate_only: validateOnly,
    view: full ? View.VIEW_FULL : View.VIEW_BASIC,
  };
  const { record, deleted } = await client.delete(name, key, request, options);
  return { entries: record ? tree(type, record) : [], counts: [countsOf(deleted)] };
}

async function streamed(client: ArchiveClient, { type, ids }: SingleCall & { kind: "stream" }, options?: CallOptions) {
  const entries: SeenEntry[] = [];
  for await (const { records } of client.stream({ key: archiveKey(type, ids), include_root: true }, options)) {
    entries.push(...records.map(ofAnyType));
  }
  return entries;
}

/** A record as it was answered. */
const seen = (type: string, { key, details, etag }: RecordMessage): SeenEntry => ({
  type,
  ids: keyOf(type, key),
  values: valuesOf(type, details),
  etag,
});

function ofAnyType({ record }: ArchiveRecord): SeenEntry {
  const type = record && recordTypeOfField(record.$case);
  if (!type) throw new Error("a record without a type");
  return seen(type.name, record.value as unknown as RecordMessage);
}

/** A record with what was answered around it. */
function tree(type: string, record: RecordMessage): SeenEntry[] {
  const around: SeenEntry[] = [];
  const { relations, ancestors } = record;
  for (const { name, plural, field } of recordTypes) {
    const below = (relations?.[plural] ?? []) as RecordMessage[];
    around.push(...below.map((each) => seen(name, each)));
    const above = (ancestors as Message | undefined)?.[field] as RecordMessage | undefined;
    if (above) around.push(seen(recordType(name).name, above));
  }
  return [seen(type, record), ...sorted(around)];
}
