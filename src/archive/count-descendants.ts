import type {
  CountDescendantsRequest,
  CountDescendantsResponse,
} from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { Ids } from "../records/ids.js";
import { recordTypeOfField, recordTypes } from "../records/record-type.js";
import { validateKey } from "../records/validate-key.js";
import type { Statements } from "../storage/store.js";
import { recordNotFound, refuse } from "./archive-error.js";

/** Counts a record and all under it, or all there are. */
export async function countDescendants(
  statements: Statements,
  request: CountDescendantsRequest,
): Promise<CountDescendantsResponse> {
  const chosen = request.key?.key;
  const root = chosen && recordTypeOfField(chosen.$case);
  const key = chosen?.value as unknown as Ids | undefined;
  if (root) refuse(validateKey(root, key, `key.${root.field}`));
  else if (request.key) refuse([{ field: "key", description: "must be of some type" }]);
  const counts = root && key ? await statements.countTree(root, key) : await statements.countAll();
  if (root && key && !counts.get(root)) throw recordNotFound(root, key);
  return {
    counts: recordTypes.flatMap((type) => {
      const count = counts.get(type) ?? 0;
      return count > 0 ? [{ record_type: type.number, count }] : [];
    }),
  };
}
