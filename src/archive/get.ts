import { View } from "../../generated/ts/synergos/archive/v1/options.js";
import type { FieldViolation } from "../records/field-violation.js";
import type { RecordType } from "../records/record-type.js";
import type { Statements } from "../storage/store.js";
import { turnAfter } from "../turns.js";
import { recordNotFound } from "./archive-error.js";
import { basicRecord, fullRecord } from "./record-message.js";
import type { GetRequest, RecordResponse } from "./requests.js";
import { askedRelations, validKey } from "./validate-request.js";

/** Returns a record, alone or with what is around it. */
export async function get(statements: Statements, type: RecordType, request: GetRequest): Promise<RecordResponse> {
  const violations: FieldViolation[] = [];
  const relations = askedRelations(type, request, View.VIEW_FULL, violations);
  const key = validKey(type, request.key, violations);
  if (!relations) {
    const record = await statements.read(type, key);
    if (!record) throw recordNotFound(type, key);
    await turnAfter(record.details.length);
    return { record: basicRecord(record, statements.caller) };
  }
  const tree = await statements.readTree(type, key, relations);
  if (!tree) throw recordNotFound(type, key);
  return { record: fullRecord(tree, statements.caller) };
}
