import type {
  StreamDescendantsRequest,
  StreamDescendantsResponse,
} from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import type { Caller } from "../records/caller.js";
import type { FieldViolation } from "../records/field-violation.js";
import type { Ids } from "../records/ids.js";
import { recordTypeOfField, recordTypes } from "../records/record-type.js";
import { validateKey } from "../records/validate-key.js";
import type { Store, StoredRecord } from "../storage/store.js";
import { recordNotFound, refuse } from "./archive-error.js";
import { LargeResponse } from "./large-response.js";
import { archiveRecord, basicRecord, StoredDetails } from "./record-message.js";
import { pages } from "./record-pages.js";
import { askedTypes } from "./validate-request.js";

type Response = StreamDescendantsResponse | LargeResponse<StreamDescendantsResponse>;

/** Streams all records under a key, or all there are: page by page, a response for each record. */
export async function* streamDescendants(
  store: Store,
  request: StreamDescendantsRequest,
  context: CallContext,
): AsyncGenerator<Iterable<Response>> {
  const violations: FieldViolation[] = [];
  const chosen = request.key?.key;
  const root = chosen && recordTypeOfField(chosen.$case);
  const key = chosen?.value as unknown as Ids | undefined;
  if (root && key) violations.push(...validateKey(root, key, `key.${root.field}`));
  else if (request.key) violations.push({ field: "key", description: "must be of some type" });
  if (request.include_root && !request.key) violations.push({ field: "include_root", description: "needs a key" });
  const types = askedTypes(root?.relations ?? recordTypes, request.relation_types, violations);
  refuse(violations);
  yield* store.snapshot(context, async function* (statements) {
    if (root && key) {
      const record = await statements.read(root, key);
      if (!record) throw recordNotFound(root, key);
      if (request.include_root) yield responses([record], context);
    }
    for (const type of types) {
      for await (const records of pages(statements, type, root, key)) yield responses(records, context);
    }
  });
}

/** Made one by one, as they are sent: the messages of a page take several times as much memory as what is read. */
function* responses(records: readonly StoredRecord[], caller: Caller): Generator<Response> {
  for (const record of records) {
    const details = new StoredDetails(record, true);
    const response = () => ({ records: [archiveRecord(record.type, basicRecord(record, caller, details))] });
    const isLarge = record.details.length > limits.bytesOfTurn;
    yield isLarge ? new LargeResponse(() => details.read(), response) : response();
  }
}
