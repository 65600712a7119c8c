import { setImmediate as nextTurn } from "node:timers/promises";
import { type Caller, isVisible } from "../records/caller.js";
import type { NewChange } from "../records/change.js";
import { joinKey } from "../records/compare-keys.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import { narrowed } from "../records/scope.js";
import { created } from "./change.js";
import { marksSql, readChangesSql } from "./change-log-sql.js";
import type { Dialect } from "./engine.js";
import { stateOf } from "./knex-change-log.js";
import * as lists from "./list-sql.js";
import type { Query, Run } from "./query.js";
import * as reads from "./read-sql.js";
import { recordTrees } from "./record-trees.js";
import type { Runner } from "./runner.js";
import {
  type CountedRecord,
  type Listed,
  type ListQuery,
  maxInserted,
  type NewRecord,
  type Page,
  type RecordTree,
  type Statements,
  type StoredRecord,
} from "./store.js";
import { keyOf, storedRecord, typeOf } from "./stored-record.js";
import * as writes from "./write-sql.js";

/** The statements, on whatever runs them. */
export class KnexStatements implements Statements {
  constructor(
    private readonly dialect: Dialect,
    private readonly runner: Runner,
  ) {}

  get repeated(): boolean {
    return this.runner.repeated;
  }

  get caller(): Caller {
    return this.runner.caller;
  }

  async read(type: RecordType, key: Ids): Promise<StoredRecord | undefined> {
    const { read, readOne } = this.runner;
    return readOne ? readOne.read(type, key) : this.#record(read, reads.readSql(type, key), type, key);
  }

  async readHead(type: RecordType, key: Ids): Promise<StoredRecord | undefined> {
    const { read, readOne } = this.runner;
    return readOne ? readOne.readHead(type, key) : this.#record(read, reads.readHeadSql(type, key), type, key);
  }

  async readTree(type: RecordType, key: Ids, relations: readonly RecordType[]): Promise<RecordTree | undefined> {
    const { rows } = await this.runner.read(reads.treeSql(type, key, relations, this.caller.sight));
    return recordTrees(type, rows)[0];
  }

  async list(type: RecordType, query: ListQuery, { size, after }: Page): Promise<Listed<StoredRecord>> {
    const visible = this.#visible(type, query);
    // One more tells whether more follow, whether there is room for it or not.
    const selection = lists.listSql(type, visible, { size: size + 1, after }, this.dialect);
    const { rows, truncated } = await this.runner.read({ ...selection, cut: true });
    return {
      items: rows.slice(0, size).map((row) => storedRecord(row, type, keyOf(row, type, visible.equal))),
      more: truncated || rows.length > size,
    };
  }

  async scan(
    type: RecordType,
    query: ListQuery,
    page: Page,
    size: number,
  ): Promise<{ records: StoredRecord[]; whole: boolean }> {
    const visible = this.#visible(type, query);
    const selection = lists.listSql(type, visible, page, this.dialect);
    const { rows, truncated } = await this.runner.read({ ...selection, take: size });
    const records = rows.map((row) => storedRecord(row, type, keyOf(row, type, visible.equal)));
    return { records, whole: !truncated };
  }

  async listTrees(
    type: RecordType,
    query: ListQuery,
    page: Page,
    relations: readonly RecordType[],
  ): Promise<Listed<RecordTree>> {
    const { rows } = await this.runner.read(
      lists.listTreesSql(type, this.#visible(type, query), page, relations, this.dialect, this.caller.sight),
    );
    const records = rows.filter((row) => Number(row.type) !== lists.moreRecords);
    return { items: recordTrees(type, records), more: records.length < rows.length };
  }

  async count(type: RecordType, query: ListQuery): Promise<number> {
    const { rows } = await this.runner.read(lists.countSql(type, this.#visible(type, query)));
    return Number(rows[0]?.count);
  }

  async readCounted(type: RecordType, key: Ids): Promise<CountedRecord | undefined> {
    const { rows } = await this.runner.read(reads.readCountedSql(type, key));
    const [row] = rows;
    if (!row) return undefined;
    const counts = type.relations.map((relation) => [relation, Number(row[reads.countColumn(relation)])] as const);
    return { record: storedRecord(row, type, key), relations: new Map(counts) };
  }

  countTree(type: RecordType, key: Ids): Promise<Map<RecordType, number>> {
    return this.#counts(reads.countTreeSql(type, key, this.caller.sight));
  }

  countAll(): Promise<Map<RecordType, number>> {
    return this.#counts(reads.countAllSql(this.caller.sight));
  }

  async #counts(query: Query): Promise<Map<RecordType, number>> {
    const { rows } = await this.runner.read(query);
    return new Map(rows.map((row) => [typeOf(row), Number(row.count)]));
  }

  async missingAncestors(type: RecordType, key: Ids): Promise<RecordType[]> {
    // Whether others are there is not for this caller to know.
    const ancestors = type.ancestors.filter((ancestor) => isVisible(this.caller, ancestor, key));
    if (ancestors.length === 0) return [];
    const { rows } = await this.runner.read(reads.missingAncestorsSql(type, key));
    const missing = new Set(rows.map(typeOf));
    return ancestors.filter((ancestor) => missing.has(ancestor));
  }

  async insert(record: NewRecord): Promise<StoredRecord> {
    const { type, key, link } = record;
    const { insert, changed, shortly } = this.runner;
    const insertion = { sql: writes.insertSql(type), bindings: writes.insertValues(record) };
    if (type.links.length < 2) {
      const insertId = insert ? await insert(record) : (await changed(insertion, [created(record)])).insertId;
      return { ...record, recordId: insertId, links: link === undefined ? [] : [link] };
    }
    return shortly(async (run, note) => {
      const { insertId } = await run(insertion);
      const { rows } = await run(writes.inheritedLinksSql(type, key));
      note(created(record));
      const inherited = new Map(rows.map((row) => [typeOf(row), row.link as string]));
      const links = type.links.map((owner) => inherited.get(owner.type) ?? link ?? "");
      return { ...record, recordId: insertId, links };
    });
  }

  async *readMany(type: RecordType, keys: readonly Ids[]): AsyncGenerator<StoredRecord[]> {
    let left = keys;
    while (left.length > 0) {
      const { rows, truncated } = await this.runner.read(reads.readManySql(type, left, this.dialect, maxPartSize));
      const records = rows.map((row) => storedRecord(row, type));
      yield records;
      if (!truncated) return;
      const read = new Set(records.map(({ key }) => joinKey(type.key, key)));
      left = left.filter((key) => !read.has(joinKey(type.key, key)));
    }
  }

  async ownLinks(type: RecordType, keys: readonly Ids[]): Promise<Map<string, string>> {
    if (keys.length === 0) return new Map();
    const { rows } = await this.runner.read(reads.ownLinksSql(type, keys, this.dialect));
    return new Map(rows.map((row) => [joinKey(type.key, row as Ids), type.link ? (row[type.link] as string) : ""]));
  }

  async takenLinks(type: RecordType, ids: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.runner.read(reads.takenLinksSql(type, ids, this.dialect));
    return new Set(rows.map((row) => row.link as string));
  }

  async largestStatement(): Promise<number> {
    const { rows } = await this.runner.read({ sql: this.dialect.largestStatement, bindings: [] });
    return Number(rows[0]?.size);
  }

  async insertMany(type: RecordType, records: readonly NewRecord[]): Promise<void> {
    const insertion = {
      sql: writes.insertManySql(type, records.length),
      bindings: records.flatMap(writes.insertValues),
    };
    // A single one goes the same way as many, so that neither takes what the other refuses.
    await this.runner.changed({ ...insertion, once: ![1, maxInserted].includes(records.length) }, records.map(created));
  }

  async replace(record: StoredRecord, previousEtag: string): Promise<boolean> {
    const { type, key, details, createdAt, updatedAt, etag, updatedBy } = record;
    const ids = type.key.map((field) => key[field] as string);
    const bindings = [details, createdAt, updatedAt, etag, updatedBy || null, ...ids, previousEtag];
    const change: NewChange = { kind: "updated", type, key, previousEtag, etag };
    return this.runner.changedIf("replace", { sql: writes.replaceSql(type), bindings }, change);
  }

  async deleteOne(type: RecordType, key: Ids, etag: string): Promise<boolean> {
    const bindings = [...type.key.map((field) => key[field] as string), etag];
    const change = deletion(type, key, etag, new Map([[type, 1]]));
    return this.runner.changedIf("delete", { sql: writes.deleteOneSql(type), bindings }, change);
  }

  deleted({ type, key, etag }: StoredRecord, counts: ReadonlyMap<RecordType, number>): void {
    this.runner.note(deletion(type, key, etag, counts));
  }

  async changesSeen() {
    const { rows: all } = await this.runner.read(readChangesSql(Number.MAX_SAFE_INTEGER, 1));
    const state = stateOf(all[0] ?? {});
    const { rows: last } = await this.runner.read(readChangesSql(state.last, 1));
    const { rows } = await this.runner.read(marksSql);
    return { state, mark: String(last[0]?.mark ?? ""), marks: new Set(rows.map((row) => row.mark as string)) };
  }

  async lock(type: RecordType, key: Ids): Promise<StoredRecord | undefined> {
    return this.#record(this.runner.write, reads.lockSql(type, key, this.dialect), type, key);
  }

  async lockRelations(type: RecordType, key: Ids): Promise<void> {
    for (const relation of type.relations.filter(({ relations }) => relations.length > 0)) {
      await this.runner.write(reads.lockRelationSql(relation, type, key, this.dialect));
    }
  }

  async lockTree(type: RecordType, key: Ids): Promise<void> {
    // Whoever writes has the whole database.
    if (this.dialect.forUpdate === "") return;
    // Relations that need no record of this type, as a model's scores do not, are kept away by its parents.
    const isParent = type.relations.every(({ ancestors }) => ancestors.includes(type));
    const closed = isParent ? [] : type.parents;
    for (const above of type.ancestors) {
      const lock = closed.includes(above)
        ? reads.lockRelationSql(above, above, key, this.dialect)
        : reads.keepSql(above, key, this.dialect);
      await this.runner.write(lock);
    }
    for (const locked of [type, ...type.relations]) {
      await this.runner.write(reads.lockRelationSql(locked, type, key, this.dialect));
    }
  }

  async delete(deleted: RecordType, type: RecordType, key: Ids): Promise<number> {
    const { maxDeleted = Number.POSITIVE_INFINITY } = this.dialect;
    for (let total = 0; ; await nextTurn()) {
      const { changed } = await this.runner.write(writes.deleteSql(deleted, type, key, this.dialect));
      total += changed;
      if (changed < maxDeleted) return total;
    }
  }

  /** A list, as far as there are its records for the caller. */
  #visible(type: RecordType, query: ListQuery): ListQuery {
    const { sight } = this.caller;
    if (!sight) return query;
    const scope = narrowed(sight.visible(type), query.equal);
    // One part is ids like those of a filter: who sorts by them, too, has MariaDB sort all that there is.
    const [only] = scope?.length === 1 ? scope : [];
    return only ? { ...query, equal: { ...query.equal, ...only } } : { ...query, scope };
  }

  async #record(run: Run, query: Query, type: RecordType, key: Ids): Promise<StoredRecord | undefined> {
    const { rows } = await run(query);
    return rows[0] && storedRecord(rows[0], type, key);
  }
}

const deletion = (type: RecordType, key: Ids, etag: string, deleted: ReadonlyMap<RecordType, number>): NewChange => ({
  kind: "deleted",
  type,
  key,
  previousEtag: etag,
  etag: "",
  deleted,
});

/** The most characters of details that are read at once of many records. */
const maxPartSize = 2 ** 22;
