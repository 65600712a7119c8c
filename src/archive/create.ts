import type { RecordType } from "../records/record-type.js";
import { type Statements, StorageError, type StoredRecord } from "../storage/store.js";
import { turnAfter, turnWithin } from "../turns.js";
import { parentNotFound, recordExists } from "./archive-error.js";
import { basicRecord, newRecord } from "./record-message.js";
import type { CreateRequest, RecordResponse } from "./requests.js";
import { type Respond, refuseUnanswerable } from "./respond.js";
import { validRecord } from "./validate-request.js";

/** Creates a record. The database's own checks are the only ones: nothing is asked of it but to insert. */
export async function create<Answer>(
  statements: Statements,
  type: RecordType,
  request: CreateRequest,
  respond: Respond<RecordResponse, Answer>,
): Promise<Answer> {
  const { key, details } = validRecord(type, request);
  await turnWithin(request);
  const record = newRecord(type, key, details, statements.caller);
  if (request.validate_only) {
    if (await statements.read(type, key)) throw recordExists(type, key);
    const missing = await statements.missingAncestors(type, key);
    if (missing.length > 0) throw parentNotFound(type, key, missing);
    return respond({ record: basicRecord({ ...record, recordId: 0, links: [] }, statements.caller, details) });
  }
  await turnAfter(record.details.length);
  await refuseUnanswerable(record, details, statements.caller, respond);
  const inserted = await insert(statements, record);
  if (!inserted) throw recordExists(type, key);
  await turnAfter(record.details.length);
  return respond({ record: basicRecord(inserted, statements.caller, details) });
}

/** Inserts a record; undefined where its key is taken. Only a refused insert asks which parents are missing. */
export async function insert(
  statements: Statements,
  record: Parameters<Statements["insert"]>[0],
): Promise<StoredRecord | undefined> {
  const { type, key } = record;
  try {
    return await statements.insert(record);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (error.kind === "duplicate") return undefined;
    if (error.kind !== "foreign-key") throw error;
    const missing = await statements.missingAncestors(type, key);
    if (missing.length > 0) throw parentNotFound(type, key, missing);
    // The parent came, or came back, just now.
    throw new StorageError("conflict", error);
  }
}
