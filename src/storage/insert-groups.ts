import type { CallContext } from "../call-context.js";
import { joinKey } from "../records/compare-keys.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import { askAlone, Groups, most } from "./groups.js";
import type { Outcome, Query } from "./query.js";
import { insertManySql, insertSql, returningSql } from "./sql.js";
import { type NewRecord, StorageError } from "./store.js";

/** What inserts are made by. */
interface Inserts {
  /** Makes an insert one that waits for nobody's lock, but fails. */
  withoutWaiting(insert: string): string;
  /** Runs a statement that is a transaction of its own. */
  run(query: Query, context: CallContext): Promise<Outcome>;
}

/** Inserts single records: those of one type that come at the same time, by one statement. */
export class InsertGroups {
  readonly #groups = new Map<RecordType, Groups<NewRecord, number>>();

  constructor(private readonly inserts: Inserts) {}

  /** Inserts a record, and returns its record_id. */
  insert(record: NewRecord, context: CallContext): Promise<number> {
    const known = this.#groups.get(record.type);
    if (known) return known.ask(record, context);
    const made = this.#inserters(record.type);
    this.#groups.set(record.type, made);
    return made.ask(record, context);
  }

  #inserters(type: RecordType): Groups<NewRecord, number> {
    const { run, withoutWaiting } = this.inserts;
    /** The most that go together: few, where many collide. */
    let size = most;
    return new Groups({
      onTheWay: 4,
      // Few texts, each prepared once a connection.
      size: (waiting) => 2 ** Math.floor(Math.log2(Math.min(waiting, size))),
      bytes: ({ details }) => details.length,
      alone: async (record, context) => {
        const { insertId } = await run({ sql: insertSql(type), bindings: insertValues(record) }, context);
        return insertId;
      },
      together: async (records, context) => {
        const insert = `${insertManySql(type, records.length)}${returningSql(type)}`;
        try {
          const insertion = { sql: withoutWaiting(insert), bindings: records.flatMap(insertValues) };
          const { rows } = await run(insertion, context);
          size = Math.min(most, 2 * size);
          const ids = new Map(rows.map((row) => [joinKey(type.key, row as Ids), Number(row.record_id)]));
          return records.map(({ key }) => ids.get(joinKey(type.key, key)) ?? askAlone);
        } catch (error) {
          // Where the database refused it, nothing is kept; where it is unknown what became of it, nothing is done again.
          if (!(error instanceof StorageError) || error.kind === "unavailable") throw error;
          size = Math.max(2, size / 4);
          return records.map(() => askAlone);
        }
      },
    });
  }
}

/** The parameters of an insert. */
export const insertValues = ({ type, key, link, details, createdAt, updatedAt, etag, ...record }: NewRecord) => [
  ...type.key.map((field) => key[field] as string),
  ...(link === undefined ? [] : [link]),
  details,
  createdAt,
  updatedAt,
  etag,
  record.createdBy || null,
  record.updatedBy || null,
];
