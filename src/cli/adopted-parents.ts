import { ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import type { Ids } from "../records/ids.js";
import { messageShape } from "../records/message-shape.js";
import { minimalDetails } from "../records/minimal-details.js";
import type { RecordType } from "../records/record-type.js";
import { unsaid } from "../records/unsaid.js";
import type { Json } from "./connection.js";
import type { FoundRecord } from "./import-source.js";
import { keyText } from "./record-name.js";

/** A record that was sent and refused as its parents are missing. */
export interface Orphan {
  readonly record: FoundRecord;
  readonly refusal: Json;
  readonly missing: readonly { readonly type: RecordType; readonly key: Ids }[];
}

/**
 * The least records that orphans need and that are none of them: created when the first of their children was, and
 * with the ids that their children's links name.
 */
export function adoptedParents(orphans: readonly Orphan[]): FoundRecord[] {
  const nameOf = (type: RecordType, key: Ids) => `${type.field} ${keyText(type, key)}`;
  const known = new Set(orphans.map(({ record: { type, key } }) => nameOf(type, key)));
  const parents = new Map<string, { type: RecordType; key: Ids; links: Ids; created: Time | undefined }>();
  for (const { record, missing } of orphans) {
    const { created_at } = (ArchiveRecord.decode(record.bytes).record?.value ?? {}) as { created_at?: Time };
    for (const { type, key } of missing) {
      const name = nameOf(type, key);
      if (known.has(name)) continue;
      const parent = parents.get(name) ?? { type, key, links: {}, created: created_at };
      const isEarlier = created_at && parent.created && created_at.seconds < parent.created.seconds;
      const links = { ...record.link, ...parent.links };
      parents.set(name, { ...parent, links, created: isEarlier ? created_at : (parent.created ?? created_at) });
    }
  }
  return [...parents.values()].map(({ type, key, links, created }) => {
    const details = minimalDetails(messageShape(`${type.name}Details`));
    const link = Object.fromEntries(type.links.map((each) => [each.link, links[each.link] ?? ""]));
    const value = { ...unsaid, key, details, ...(type.link ? { link } : {}), created_at: created };
    const record = { $case: type.field, value } as unknown as ArchiveRecord["record"];
    const place = () => ({ document: "adopted", line: 0, column: 0 });
    return { type, key, link, place, bytes: ArchiveRecord.encode({ record }).finish() };
  });
}

interface Time {
  readonly seconds: bigint;
}
