import type { FieldViolation } from "../records/field-violation.js";
import { goesIntoHidden, keepHidden } from "../records/mask-details.js";
import type { Message } from "../records/message-shape.js";
import type { RecordType } from "../records/record-type.js";
import { validateDetails } from "../records/validate-details.js";
import { type Statements, StorageError } from "../storage/store.js";
import { turnAfter } from "../turns.js";
import { applyMask } from "./apply-mask.js";
import { accessDenied, etagMismatch, recordNotFound, refuse } from "./archive-error.js";
import { insert } from "./create.js";
import { type Path, readMask } from "./field-mask.js";
import { basicRecord, changedRecord, detailsOf, detailsShape, emptyDetails, newRecord } from "./record-message.js";
import type { RecordResponse, UpdateRequest } from "./requests.js";
import { type Respond, refuseUnanswerable } from "./respond.js";
import { validKey } from "./validate-request.js";

/**
 * Replaces or changes a record's details, if nobody else did since they were read: that is a conflict, as is that others
 * created a record at the same time. After one, the record is locked: then the work must be one transaction.
 */
export async function update<Answer>(
  statements: Statements,
  type: RecordType,
  request: UpdateRequest,
  respond: Respond<RecordResponse, Answer>,
): Promise<Answer> {
  const shape = detailsShape(type);
  const given = request.details ?? emptyDetails(type);
  const violations: FieldViolation[] = [];
  const mask = readMask(shape, request.update_mask, violations);
  if (!mask) violations.push(...validateDetails(shape, given, "details"));
  const key = validKey(type, request.key, violations);
  /** The details as they will be, valid as a whole. */
  const changed = (before: Message): Message => {
    if (!mask) return given;
    const faults: FieldViolation[] = [];
    const details = applyMask(shape, mask, before, given, faults);
    refuse(faults.length > 0 ? faults : validateDetails(shape, details, "details"));
    return details;
  };
  const hidden = statements.caller.sight?.hidden(type, key);
  if (hidden && mask?.some((path) => goesIntoHidden(shape, path, hidden))) {
    throw accessDenied("update_mask goes into a field that there is not for you: name the field as a whole.");
  }
  const current = statements.repeated
    ? await statements.lock(type, key)
    : await (mask || hidden ? statements.read(type, key) : statements.readHead(type, key));
  if (request.etag !== "" && current?.etag !== request.etag) {
    throw current || request.allow_missing ? etagMismatch(type, key) : recordNotFound(type, key);
  }
  if (current) {
    const before = mask || hidden ? detailsOf(current) : given;
    const after = changed(before);
    // Nobody loses for others what there is not for themselves.
    const clears = (path: Path) => mask?.some((named) => named.join() === path.join()) ?? false;
    const details = hidden ? keepHidden(shape, after, before, hidden, clears) : after;
    const record = changedRecord(current, details, statements.caller);
    await turnAfter(record.details.length);
    // The answer is made before, as what cannot be answered must not be done.
    const answer = await respond({ record: basicRecord(record, statements.caller, details) });
    if (await statements.replace(record, current.etag)) return answer;
    throw new StorageError("conflict", new Error("others changed the record"));
  }
  if (!request.allow_missing) throw recordNotFound(type, key);
  const details = changed(emptyDetails(type));
  const fresh = newRecord(type, key, details, statements.caller);
  await turnAfter(fresh.details.length);
  await refuseUnanswerable(fresh, details, statements.caller, respond);
  const record = await insert(statements, fresh);
  if (!record) throw new StorageError("conflict", new Error("others created the record"));
  return await respond({ record: basicRecord(record, statements.caller, details) });
}
