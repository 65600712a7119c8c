import type { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import { joinKey } from "../records/compare-keys.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import type { Dialect } from "./engine.js";
import { askAlone, Groups, most } from "./groups.js";
import type { Outcome, Query } from "./query.js";
import { readGroupSql, readHeadSql, readSql } from "./read-sql.js";
import { filledUp, perType } from "./sql-parts.js";
import type { StoredRecord } from "./store.js";
import { storedRecord } from "./stored-record.js";

/** How many keys a statement has: few texts, each prepared once a connection. Others are filled up with the last key. */
const sizes = [8, most];

/** Reads single records: those of one type that are asked for at the same time, by one statement. */
export class ReadGroups {
  readonly #whole = perType((type) => this.#readers(type, false));
  readonly #heads = perType((type) => this.#readers(type, true));

  constructor(
    private readonly dialect: Dialect,
    private readonly run: (query: Query, context: CallContext) => Promise<Outcome>,
  ) {}

  read(type: RecordType, key: Ids, context: CallContext): Promise<StoredRecord | undefined> {
    return this.#whole(type).ask(key, context);
  }

  /** The same with no details. */
  readHead(type: RecordType, key: Ids, context: CallContext): Promise<StoredRecord | undefined> {
    return this.#heads(type).ask(key, context);
  }

  #readers(type: RecordType, isHead: boolean): Groups<Ids, StoredRecord | undefined> {
    /** About the size of the largest records of late: large ones go with fewer others, or alone. */
    let bytes = 1;
    const record = (row: Outcome["rows"][number], key: Ids) => {
      const read = storedRecord(row, type, key);
      bytes = Math.max(read.details.length, bytes * 0.99, 1);
      return read;
    };
    return new Groups({
      onTheWay: 2,
      size: (waiting) => Math.max(1, Math.min(waiting, Math.floor(limits.bytesOfTurn / bytes))),
      alone: async (key, context) => {
        const { rows } = await this.run(isHead ? readHeadSql(type, key) : readSql(type, key), context);
        return rows[0] && record(rows[0], key);
      },
      together: async (keys, context) => {
        const count = sizes.find((size) => size >= keys.length) ?? keys.length;
        const query = readGroupSql(type, filledUp(keys, count), isHead, this.dialect);
        const { rows } = await this.run(query, context);
        const found = new Map(rows.map((row) => [joinKey(type.key, row as Ids), row]));
        return keys.map((key) => {
          const row = found.get(joinKey(type.key, key));
          if (!row) return undefined;
          if (row.details !== null) return record(row, key);
          bytes = limits.bytesOfTurn;
          return askAlone;
        });
      },
    });
  }
}
