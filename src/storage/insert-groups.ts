import type { CallContext } from "../call-context.js";
import { joinKey } from "../records/compare-keys.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import { created, noted } from "./change.js";
import type { Dialect } from "./engine.js";
import { askAlone, Groups } from "./groups.js";
import type { Outcome, Query } from "./query.js";
import { perType } from "./sql-parts.js";
import type { NewRecord } from "./store.js";
import { insertSql, insertValues } from "./write-sql.js";

/** What inserts are made by. */
interface Inserts {
  /** Inserts several, without waiting for anybody's lock. */
  readonly insertTogether: NonNullable<Dialect["insertTogether"]>;
  /** Runs statements as a transaction, with what is noted of their changes. */
  changed(queries: readonly Query[], changes: readonly string[], context: CallContext): Promise<Outcome>;
}

/** A record, and what is noted of its creation. */
interface Insertion {
  readonly record: NewRecord;
  readonly change: string;
}

/** Inserts single records: those of one type that come at the same time, by one statement. */
export class InsertGroups {
  readonly #groups = perType((type) => this.#inserters(type));

  constructor(private readonly inserts: Inserts) {}

  /** Inserts a record, and returns its record_id. */
  insert(record: NewRecord, context: CallContext): Promise<number> {
    const insertion = { record, change: noted(created(record), context) };
    return this.#groups(record.type).ask(insertion, context);
  }

  #inserters(type: RecordType): Groups<Insertion, number> {
    const { changed, insertTogether } = this.inserts;
    return new Groups({
      onTheWay: 4,
      // Few texts, each prepared once a connection.
      size: (waiting) => 2 ** Math.floor(Math.log2(waiting)),
      // Three times: so a group is one text, with its keys and what is noted of it.
      bytes: ({ record }) => 3 * record.details.length,
      alone: async ({ record, change }, context) => {
        const insertion = { sql: insertSql(type), bindings: insertValues(record) };
        return (await changed([insertion], [change], context)).insertId;
      },
      together: async (insertions, context) => {
        const records = insertions.map(({ record }) => record);
        const changes = insertions.map(({ change }) => change);
        const { rows } = await changed(insertTogether(type, records), changes, context);
        const ids = new Map(rows.map((row) => [joinKey(type.key, row as Ids), Number(row.record_id)]));
        return records.map(({ key }) => ids.get(joinKey(type.key, key)) ?? askAlone);
      },
    });
  }
}
