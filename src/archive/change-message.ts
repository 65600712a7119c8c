import type { Change } from "../../generated/ts/synergos/archive/v1/change.js";
import type { ArchiveKey, ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import { changeKinds, type NumberedChange } from "../records/change.js";
import { fromStoredTime } from "../records/times.js";
import { deletedCounts } from "./change-scope.js";

/** A change as clients see it. */
export function changeMessage(change: NumberedChange, record?: ArchiveRecord): Change {
  const { revision, kind, type, key, previousEtag, etag, deleted, at, principal, requestId } = change;
  return {
    revision: BigInt(revision),
    kind: changeKinds[kind],
    // The case is the type's own, which no compiler can know.
    key: { key: { $case: type.field, value: key } as unknown as ArchiveKey["key"] },
    previous_etag: previousEtag,
    etag,
    deleted: deletedCounts(deleted),
    time: fromStoredTime(at),
    principal,
    request_id: requestId,
    record,
  };
}
