import type {
  BatchWriteRequest,
  BatchWriteResponse,
  WriteOperation,
  WriteResult,
} from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { NoRoom } from "../answer-memory.js";
import type { CallContext } from "../call-context.js";
import { joinKey } from "../records/compare-keys.js";
import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypeOfField } from "../records/record-type.js";
import { type Statements, StorageError, type Store } from "../storage/store.js";
import { Turns } from "../turns.js";
import { ArchiveError, asArchiveError, refuse } from "./archive-error.js";
import { create } from "./create.js";
import { remove } from "./delete.js";
import { archiveRecord, type RecordMessage } from "./record-message.js";
import type { DeleteResponse } from "./requests.js";
import { asItIs, type Respond } from "./respond.js";
import { update } from "./update.js";

const maxOperations = 1000;

/** Does all operations in one transaction, each after the ones before it. What cannot be answered is undone too. */
export async function batchWrite<Answer>(
  store: Store,
  { operations }: BatchWriteRequest,
  context: CallContext,
  respond: Respond<BatchWriteResponse, Answer>,
): Promise<Answer> {
  if (operations.length > maxOperations) {
    refuse([{ field: "operations", description: `must be at most ${maxOperations}, not ${operations.length}` }]);
  }
  /** The error that ended the transaction, and the index of the operation that it came of. */
  let failed: { readonly error: unknown; readonly index: number } | undefined;
  try {
    return await store.transaction(context, async (statements) => {
      const results: WriteResult[] = [];
      const missing = new Missing();
      const turns = new Turns();
      for (const [index, { operation }] of operations.entries()) {
        results.push(
          await missing
            .keptBy(operation, () => write(statements, operation))
            .catch((error: unknown) => {
              failed = { error, index };
              throw error;
            }),
        );
        // An embedded database works in the same turn.
        if (turns.isOver) await turns.next();
      }
      return respond({ results });
    });
  } catch (error) {
    // A conflict is one only now, after the transaction was done again in vain. It may not even have begun again.
    if (!failed || failed.error !== error || error instanceof NoRoom) throw error;
    throw ofOperation(asArchiveError(error, respond.limit), failed.index, operations[failed.index]?.operation);
  }
}

/**
 * What a batch found missing and has not made since. No lock keeps others from making it meanwhile; an operation that
 * meets that is a conflict, so that the batch is done again: after or before the others, and not around them.
 */
class Missing {
  readonly #keys = new Set<string>();

  async keptBy(operation: WriteOperation["operation"], write: () => Promise<WriteResult>): Promise<WriteResult> {
    if (this.#keys.size === 0 && operation?.$case !== "delete") return write();
    const { own = "", above = [] } = keysOf(operation);
    const isMissing = this.#keys.has(own);
    const makes = operation?.$case === "create" || (operation?.$case === "update" && operation.value.allow_missing);
    const written = await write().catch((error: unknown) => {
      if (isMissing && error instanceof ArchiveError && error.reason === "RECORD_EXISTS") throw othersCame();
      throw error;
    });
    const isFound = operation?.$case !== "delete" || written.record !== undefined;
    if (isFound && ((isMissing && !makes) || above.some((key) => this.#keys.has(key)))) throw othersCame();
    if (isFound) this.#keys.delete(own);
    else this.#keys.add(own);
    return written;
  }
}

const othersCame = () => new StorageError("conflict", new Error("others made what was missing"));

/** The record that an operation is about, and those above it, as texts that tell them from all others. */
function keysOf(operation: WriteOperation["operation"]): { own?: string; above?: string[] } {
  const chosen = operation && holderOf(operation);
  const type = chosen && recordTypeOfField(chosen.$case);
  if (!type) return {};
  const { value } = chosen;
  const key = ("key" in value ? value.key : value) as Ids | undefined;
  const text = (each: RecordType) => `${each.name} ${joinKey(each.key, key ?? {})}`;
  return { own: text(type), above: type.ancestors.map(text) };
}

async function write(statements: Statements, operation: WriteOperation["operation"]): Promise<WriteResult> {
  switch (operation?.$case) {
    case "create": {
      const { type, value } = target(operation, "record");
      const { record } = await create(
        statements,
        type,
        { ...(value as RecordMessage), validate_only: false },
        asItIs(),
      );
      return result(type, { record, deleted: [] });
    }
    case "update": {
      const { type, value } = target(operation, "record");
      const { key, details } = value as RecordMessage;
      const { record } = await update(statements, type, { ...operation.value, key, details }, asItIs());
      return result(type, { record, deleted: [] });
    }
    case "delete": {
      const { type, value } = target(operation, "key");
      const key = value as RecordMessage["key"];
      return result(type, await remove(statements, type, { ...operation.value, key, validate_only: false, view: 0 }));
    }
    default:
      refuse([{ field: "operation", description: "is required: one of create, update, delete" }]);
      return { record: undefined, deleted: [] };
  }
}

const holderOf = ({ value }: NonNullable<WriteOperation["operation"]>) =>
  "record" in value ? value.record?.record : value.key?.key;

/** The record or key that an operation is about, with its type. */
function target(operation: NonNullable<WriteOperation["operation"]>, name: "record" | "key") {
  const holder = holderOf(operation);
  const type = holder && recordTypeOfField(holder.$case);
  if (!type) refuse([{ field: `${operation.$case}.${name}`, description: "is required" }]);
  return { type: type as RecordType, value: holder?.value as unknown };
}

const result = (type: RecordType, { record, deleted }: DeleteResponse): WriteResult => ({
  record: record && archiveRecord(type, record),
  deleted,
});

/** An error of one operation as that of the whole batch: with the operation's index, and with whole paths. */
function ofOperation(error: ArchiveError, index: number, operation: WriteOperation["operation"]): ArchiveError {
  // These are of the call, wherever it was.
  if (["DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL"].includes(error.code)) return error;
  const { metadata, fieldViolations } = error.details;
  return new ArchiveError(error.code, error.reason, `operations[${index}]: ${error.message}`, {
    ...error.details,
    metadata: { ...metadata, operation: String(index) },
    ...(fieldViolations
      ? {
          fieldViolations: fieldViolations.map(({ field, description }) => ({
            field: `operations[${index}].${pathIn(operation, field)}`,
            description,
          })),
        }
      : {}),
  });
}

/** The path of a field of a single request within an operation: "key.run_id" is "create.record.run.key.run_id". */
function pathIn(operation: WriteOperation["operation"], field: string): string {
  if (!operation || field === "operation" || field.startsWith(`${operation.$case}.`)) return field;
  if (operation.$case === "delete") {
    return `delete.${field.replace(/^key\b/, `key.${operation.value.key?.key?.$case}`)}`;
  }
  return `${operation.$case}.${/^(key|details)\b/.test(field) ? `record.${operation.value.record?.record?.$case}.` : ""}${field}`;
}
