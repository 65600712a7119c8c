import type { Ids } from "../records/ids.js";
import type { Json } from "./connection.js";
import { countsText } from "./record-counts.js";
import { keyText, typeNamed } from "./record-name.js";
import { shortTime } from "./short-time.js";

/** The columns of a change for people: revision, time, what was done to which record, by whom. */
export function changeColumns({ revision, time, kind, key, deleted, principal }: Json): string[] {
  const [[field, ids] = ["", {}]] = Object.entries((key ?? {}) as Json);
  const done = String(kind).replace("CHANGE_KIND_", "").toLowerCase();
  const counts = (deleted ?? []) as Json[];
  const more = counts.reduce((sum, { count }) => sum + Number(count), 0) > 1 ? `with ${countsText(counts)}` : "";
  const by = principal ? `by ${String(principal)}` : "";
  const record = `${field} ${keyText(typeNamed(field), ids as Ids)}`;
  return [String(revision), shortTime(time), done, record, [by, more].filter(Boolean).join(", ")];
}
