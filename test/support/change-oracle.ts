import { type Change, ChangeKind, type WatchResponse } from "../../generated/ts/synergos/archive/v1/change.js";
import type { Ids } from "../../src/records/ids.js";
import {
  type RecordType,
  recordType,
  recordTypeOfField,
  recordTypeOfNumber,
  recordTypes,
} from "../../src/records/record-type.js";
import type { TestDatabase } from "./database.js";

/** A record's type and ids, as one text. */
const idOf = (type: RecordType, key: Ids) => [type.field, ...type.key.map((field) => key[field])].join("/");

/** What an archive would hold if the events of a watch of all of it were all that ever happened. */
export class ChangeOracle {
  /** The etags of all records, by idOf. */
  readonly #records = new Map<string, { readonly type: RecordType; readonly key: Ids; readonly etag: string }>();
  /** What was wrong with what came. */
  readonly faults: string[] = [];
  revision = 0;
  #isDense = true;
  token = "";
  changes = 0;
  repeated = 0;

  take({ existing, changes, resume_token, revision, existing_complete }: WatchResponse): void {
    // Among the existing records are some whose changes had no revision yet, and are left out.
    if (existing_complete) this.#isDense = false;
    for (const { record } of existing) {
      if (!record) continue;
      const type = recordTypeOfField(record.$case);
      const { key, etag } = record.value as unknown as { key: Ids; etag: string };
      if (type) this.#records.set(idOf(type, key), { type, key, etag });
    }
    // What came before a restart, or is in the records that were there.
    for (const change of changes) this.#change(change);
    if (resume_token !== "") this.token = resume_token;
    if (existing.length === 0 && Number(revision) < this.revision) this.faults.push(`bookmark ${revision} goes back`);
    this.revision = Math.max(this.revision, Number(revision));
  }

  #change(change: Change): void {
    const revision = Number(change.revision);
    if (revision <= this.revision) {
      this.repeated++;
      return;
    }
    if (this.#isDense && this.revision > 0 && revision !== this.revision + 1)
      this.faults.push(`${this.revision}, then ${revision}`);
    this.revision = revision;
    this.changes++;
    const type = recordTypeOfField(change.key?.key?.$case ?? "") ?? recordType("Run");
    const key = change.key?.key?.value as unknown as Ids;
    const id = idOf(type, key);
    const before = this.#records.get(id)?.etag ?? "";
    const kind = ChangeKind[change.kind]?.replace("CHANGE_KIND_", "");
    if (before !== change.previous_etag) {
      this.faults.push(`${revision} ${kind} ${id}: follows ${change.previous_etag || "none"}, not ${before || "none"}`);
    }
    const { value } = change.record?.record ?? {};
    if (value && change.kind === ChangeKind.CHANGE_KIND_DELETED)
      this.faults.push(`${revision} ${id}: is gone, but shown`);
    if (change.kind !== ChangeKind.CHANGE_KIND_DELETED) this.#records.set(id, { type, key, etag: change.etag });
    else this.#delete(type, key, change);
  }

  #delete(type: RecordType, key: Ids, { revision, deleted }: Change): void {
    const counts = new Map<RecordType, number>();
    for (const [id, record] of this.#records) {
      const isBelow = record.type === type || type.relations.includes(record.type);
      if (!isBelow || !type.key.every((field) => record.key[field] === key[field])) continue;
      this.#records.delete(id);
      counts.set(record.type, (counts.get(record.type) ?? 0) + 1);
    }
    const text = (each: Iterable<readonly [string | undefined, number]>) => JSON.stringify([...each].sort());
    const found = text([...counts].map(([{ name }, count]) => [name, count] as const));
    const told = text(deleted.map(({ record_type, count }) => [recordTypeOfNumber(record_type)?.name, count] as const));
    if (found !== told) this.faults.push(`${revision} deleted ${told}, not ${found}`);
  }

  /** All records with their etags, sorted. */
  state(): string[] {
    return [...this.#records].map(([id, { etag }]) => `${id} ${etag}`).sort();
  }
}

/** The same of the tables. */
export async function etagsOfTables(database: Pick<TestDatabase, "sql">): Promise<string[]> {
  const parts = recordTypes.map(
    ({ field, key }) =>
      `SELECT CONCAT_WS('/', '${field}', ${key.map((id) => `\`${id}\``).join(", ")}) AS id, etag FROM \`${field}\``,
  );
  const rows = await database.sql(parts.join(" UNION ALL "));
  return rows.map(({ id, etag }) => `${id} ${etag}`).sort();
}
