import type { CallContext } from "../call-context.js";
import { joinKey } from "../records/compare-keys.js";
import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import type { Dialect } from "./engine.js";
import { askAlone, Groups } from "./groups.js";
import type { Run } from "./query.js";
import { insertManySql, insertSql, returningSql } from "./sql.js";
import { type NewRecord, StorageError } from "./store.js";

/** What inserts are made by. */
interface Inserts {
  readonly dialect: Dialect;
  /** Runs some statements on one connection, each of which is a transaction of its own. */
  onOneConnection<Result>(work: (run: Run) => Promise<Result>, context: CallContext): Promise<Result>;
}

/** What fails one record of several, and keeps none of them: then each is inserted alone, for its own error. */
const ofOne: ReadonlySet<StorageError["kind"]> = new Set(["duplicate", "foreign-key", "conflict", "value-too-large"]);

/** The ids of a type's parents, by the names of their fields. */
const idsOfParents = new Map(
  recordTypes.map((type) => [type, type.key.filter((field) => type.parents.some(({ key }) => key.includes(field)))]),
);

/**
 * Inserts single records: those of one type that come at the same time under the same parents, by one statement. An
 * insert waits for who has locked a parent, such as a cascade, and only those who would wait as well may wait with it.
 */
export class InsertGroups {
  readonly #groups = new Map<string, Groups<NewRecord, number>>();

  constructor(private readonly inserts: Inserts) {}

  /** Inserts a record, and returns its record_id. */
  insert(record: NewRecord, context: CallContext): Promise<number> {
    const { type, key } = record;
    const name = `${type.number}\n${joinKey(idsOfParents.get(type) ?? type.key, key)}`;
    const known = this.#groups.get(name);
    if (known) return known.ask(record, context);
    const made = this.#inserters(type, name);
    this.#groups.set(name, made);
    return made.ask(record, context);
  }

  #inserters(type: RecordType, name: string): Groups<NewRecord, number> {
    const { onOneConnection } = this.inserts;
    return new Groups({
      onTheWay: 4,
      // Few texts, each prepared once a connection.
      size: (waiting) => 2 ** Math.floor(Math.log2(waiting)),
      bytes: ({ details }) => details.length,
      alone: async (record, context) => {
        const insertion = { sql: insertSql(type), bindings: insertValues(record) };
        return (await onOneConnection((run) => run(insertion), context)).insertId;
      },
      together: async (records, context) => {
        try {
          return await onOneConnection((run) => this.#insert(type, records, run), context);
        } catch (error) {
          if (error instanceof StorageError && ofOne.has(error.kind)) return records.map(() => askAlone);
          throw error;
        }
      },
      idle: () => this.#groups.delete(name),
    });
  }

  /** The record_ids of records that are inserted by one statement. */
  async #insert(type: RecordType, records: readonly NewRecord[], run: Run): Promise<number[]> {
    const insertion = { sql: insertManySql(type, records.length), bindings: records.flatMap(insertValues) };
    const { insertedIds } = this.inserts.dialect;
    if (insertedIds === "returned") {
      const { rows } = await run({ ...insertion, sql: `${insertion.sql}${returningSql(type)}` });
      const ids = new Map(rows.map((row) => [joinKey(type.key, row as Ids), Number(row.record_id)]));
      return records.map(({ key }) => ids.get(joinKey(type.key, key)) as number);
    }
    const { insertId } = await run(insertion);
    const { rows } = await run({ sql: "SELECT @@auto_increment_increment AS step", bindings: [] });
    return records.map((_, index) => insertId + index * Number(rows[0]?.step));
  }
}

/** The parameters of an insert. */
export const insertValues = ({ type, key, link, details, createdAt, updatedAt, etag }: NewRecord) => [
  ...type.key.map((field) => key[field] as string),
  ...(link === undefined ? [] : [link]),
  details,
  createdAt,
  updatedAt,
  etag,
];
