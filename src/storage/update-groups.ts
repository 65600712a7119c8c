import type { CallContext } from "../call-context.js";
import { joinKey } from "../records/compare-keys.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import type { Dialect } from "./engine.js";
import { Groups } from "./groups.js";
import type { Query } from "./query.js";
import { perType } from "./sql-parts.js";
import { fromRowsSql } from "./write-sql.js";

/** A write that changes or deletes a record if that still has an etag, with what is noted of it. */
export interface Conditional {
  readonly kind: "replace" | "delete";
  readonly type: RecordType;
  readonly key: Ids;
  /** The etag that the record must still have. */
  readonly etag: string;
  readonly query: Query;
  readonly change: string;
}

/** What such writes are made by. */
interface Writes {
  readonly dialect: Dialect;
  /** Does one; false where the record has another etag by now, or is gone. */
  changed(write: Conditional, context: CallContext): Promise<boolean>;
  /**
   * Does them all, or none: where not all rows are there that they are about. `rows` is what follows a SELECT of those,
   * and no lock of them is waited for.
   */
  allChanged(queries: readonly Query[], changes: readonly string[], rows: Query, context: CallContext): Promise<void>;
}

/** Changes and deletes single records: those of one type that come at the same time, in one transaction. */
export class UpdateGroups {
  readonly #groups = {
    replace: perType((type) => this.#writers("replace", type)),
    delete: perType((type) => this.#writers("delete", type)),
  };

  constructor(private readonly writes: Writes) {}

  /** Does it; false where the record has another etag by now, or is gone. */
  apply(write: Conditional, context: CallContext): Promise<boolean> {
    return this.#groups[write.kind](write.type).ask(write, context);
  }

  #writers(kind: Conditional["kind"], type: RecordType): Groups<Conditional, boolean> {
    const { dialect, changed, allChanged } = this.writes;
    const name = ({ key }: Conditional) => joinKey(type.key, key);
    return new Groups({
      onTheWay: 4,
      size: (waiting) => waiting,
      // Three times: so a group is one text, with its keys and what is noted of it.
      bytes: ({ query }) => 3 * query.bindings.reduce<number>((sum, value) => sum + String(value).length, 0),
      alone: changed,
      together: async (writes, context) => {
        // Of several that are about the same record the first changes it, so that the others find another etag.
        const first = new Map([...writes].reverse().map((write) => [name(write), write]));
        const group = [...first.values()];
        const keys = group.map(({ key }) => key);
        const etags = group.map(({ etag }) => etag);
        const queries = group.map(({ query }) => query);
        await allChanged(
          kind === "delete" ? dialect.deleteTogether(type, keys, queries) : queries,
          group.map(({ change }) => change),
          fromRowsSql(type, keys, etags, dialect),
          context,
        );
        return writes.map((write) => first.get(name(write)) === write);
      },
    });
  }
}
