import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import type { ImportCount } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { RecordCount } from "../../generated/ts/synergos/archive/v1/record_type.js";
import type { RecordMessage } from "../../src/archive/record-message.js";
import type { Ids } from "../../src/records/ids.js";
import { type RecordName, recordType, recordTypeOfField, recordTypes } from "../../src/records/record-type.js";
import { type ArchiveClient, CallError } from "../support/client.js";
import { Cascade, View } from "../support/records.js";
import { detailsOf, valuesOf } from "./details.js";
import {
  type Answer,
  above,
  batch,
  downstream,
  type Entry,
  idOf,
  importRecord,
  keyOf,
  list,
  type State,
  types,
  upstream,
  type Write,
  write,
} from "./hierarchy-model.js";
import type { DrawnWrite, Operation } from "./operations.js";
import { archiveKey, archiveRecord, cascadeOf, countsOf, maskOf, onConflicts, writeOperation } from "./requests.js";

const numbers = (names: readonly string[]) => names.map((name) => recordType(name as RecordName).number);
const view = (full: boolean) => (full ? View.VIEW_FULL : View.VIEW_BASIC);

/** As `expect` does, which is only asked where values are not plainly the same: it costs more than the call. */
function expectEqual(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected);
}

/** One client that does operations against a server and against the model, and holds the answers against each other. */
export class ModelDriver {
  #state: State = new Map();
  #writes = 0;
  /** Each live record as it was last answered in view BASIC, and the etags that the model's stand for. */
  readonly #known = new Map<string, RecordMessage>();
  readonly #etags = new Map<number, string>();
  /** The record_ids and own link ids that were ever given. */
  readonly #used = new Set<string>();
  operations = 0;

  constructor(private readonly client: ArchiveClient) {}

  async perform(operation: Operation): Promise<void> {
    this.operations++;
    switch (operation.kind) {
      case "write":
        return this.#write(operation);
      case "get":
        return this.#get(operation);
      case "list":
        return this.#list(operation);
      case "stream":
        return this.#stream(operation);
      case "batch":
        return this.#batch(operation);
      case "import":
        return this.#import(operation);
    }
  }

  /** Empties the archive: what is at the top takes everything else along. */
  async begin(): Promise<void> {
    const tops = recordTypes.filter((type) => type.ancestors.length === 0);
    const found = await Promise.all(
      tops.map(async ({ name }) =>
        (await this.client.list(name, { view: View.VIEW_BASIC, page_size: 1000 })).records.map(
          ({ key }) => [name, key] as const,
        ),
      ),
    );
    await this.client.batchWrite({
      operations: found.flat().map(([type, key]) => {
        const value = {
          key: archiveKey(type, key),
          etag: "",
          allow_missing: false,
          cascade: Cascade.CASCADE_RECURSIVE,
        };
        return { operation: { $case: "delete", value } };
      }),
    });
  }

  /** Compares everything that is there. */
  async finish(): Promise<void> {
    await this.#stream({ kind: "stream", type: undefined, ids: {}, asked: [] });
  }

  async #write({ write: drawn, validateOnly, full }: Operation & { kind: "write" }) {
    const { verb, type } = drawn;
    const operation = this.#resolved(drawn);
    const { state, answer } = write(this.#state, operation, ++this.#writes);
    const name = type as RecordName;
    const key = keyOf(type, drawn.ids);
    const etag = this.#etag(operation);
    if (verb === "create") {
      const request = { key, details: detailsOf(type, drawn.values), validate_only: validateOnly };
      const record = await this.#answered(answer, () => this.client.create(name, request));
      if (!record) return;
      if (validateOnly) return this.#expectValues(type, record, answer);
      this.#wrote(type, record, answer);
    } else if (verb === "update") {
      const record = await this.#answered(answer, () =>
        this.client.update(name, {
          key,
          details: detailsOf(type, drawn.values),
          update_mask: maskOf(type, drawn.mask),
          allow_missing: drawn.allowMissing,
          etag,
        }),
      );
      if (record) this.#wrote(type, record, answer);
    } else {
      const request = {
        etag,
        allow_missing: drawn.allowMissing,
        cascade: cascadeOf(drawn.restrict),
        validate_only: validateOnly,
        view: view(full),
      };
      const response = await this.#answered(answer, () => this.client.delete(name, key, request));
      if (!response) return;
      expectEqual(countsOf(response.deleted), answer.deleted);
      if (answer.entries?.length) this.#expectRecord(answer.entries[0] as Entry, response.record, full);
      else expectEqual(response.record, undefined);
      if (validateOnly) return;
      this.#state = state;
      this.#forgetTheDead();
      return;
    }
    this.#state = state;
  }

  async #get({ type, ids, full, asked }: Operation & { kind: "get" }) {
    const entry = this.#state.get(idOf(type, ids));
    const answer: Answer = entry ? { entries: [entry] } : { reason: "RECORD_NOT_FOUND" };
    const request = { view: view(full), relation_types: full ? numbers(asked) : [] };
    const record = await this.#answered(answer, () => this.client.get(type as RecordName, keyOf(type, ids), request));
    if (record) this.#expectRecord(entry as Entry, record, full, asked);
  }

  async #list({ type, filter, prefix, full, pageSize }: Operation & { kind: "list" }) {
    const expected = list(this.#state, type, filter, prefix);
    const found: RecordMessage[] = [];
    let page_token = "";
    do {
      const page = await this.client.list(type as RecordName, {
        filter: { ...filter, id_prefix: prefix },
        view: view(full),
        page_size: pageSize,
        page_token,
        with_total: true,
      });
      expectEqual(page.total_size, expected.length);
      if (pageSize > 0 && page.records.length > pageSize)
        throw new Error(`${page.records.length} of ${pageSize} records`);
      if (page.records.length === 0) expectEqual(page.next_page_token, "");
      found.push(...page.records);
      page_token = page.next_page_token;
    } while (page_token !== "");
    expectEqual(
      found.map(({ key }) => key),
      expected.map(({ ids }) => ids),
    );
    for (const [index, entry] of expected.entries()) this.#expectRecord(entry, found[index], full);
  }

  async #stream({ type, ids, asked }: Operation & { kind: "stream" }) {
    const root = type && this.#state.get(idOf(type, ids));
    const expected = type
      ? downstream(this.#state, type, ids)
      : Object.keys(types).flatMap((each) => list(this.#state, each, {}));
    const wanted = expected.filter((entry) => asked.length === 0 || asked.includes(entry.type));
    const answer: Answer = type && !root ? { reason: "RECORD_NOT_FOUND" } : {};
    const found = await this.#answered(answer, async () => {
      const records: { type: string; record: RecordMessage }[] = [];
      const request = {
        key: type ? archiveKey(type, ids) : undefined,
        relation_types: numbers(asked),
      };
      for await (const response of this.client.stream(request)) {
        for (const { record } of response.records) {
          if (!record) throw new Error("a record without a type");
          const name = recordTypeOfField(record.$case)?.name as string;
          records.push({ type: name, record: record.value as unknown as RecordMessage });
        }
      }
      return records;
    });
    if (!found) return;
    const name = (each: { type: string; ids: Ids }) => idOf(each.type, each.ids);
    const foundIds = found.map(({ type: each, record }) => idOf(each, record.key));
    expectEqual([...foundIds].sort(), wanted.map(name).sort());
    const places = new Map(foundIds.map((each, index) => [each, index]));
    for (const { type: each, record } of found) {
      const entry = this.#state.get(idOf(each, record.key)) as Entry;
      this.#expectRecord(entry, record, false);
      // Parents before children, each type in the order of keys.
      for (const parent of above(each)) {
        const place = places.get(idOf(parent, record.key));
        if (place !== undefined) expect(place).toBeLessThan(places.get(idOf(each, record.key)) as number);
      }
    }
    for (const each of new Set(found.map((one) => one.type))) {
      expectEqual(
        found.filter((one) => one.type === each).map(({ record }) => record.key),
        wanted.filter((one) => one.type === each).map((entry) => entry.ids),
      );
    }
  }

  async #batch({ writes }: Operation & { kind: "batch" }) {
    const operations = writes.map((drawn) => this.#resolved(drawn));
    const { state, answers, reason, failedAt } = batch(this.#state, operations, this.#writes + 1);
    this.#writes += operations.length;
    const answer: Answer = reason ? { reason } : {};
    const response = await this.#answered(answer, () =>
      this.client
        .batchWrite({ operations: operations.map((each) => writeOperation(each, this.#etag(each))) })
        .catch((error: unknown) => {
          if (error instanceof CallError) expect(error.metadata.operation).toBe(String(failedAt));
          throw error;
        }),
    );
    if (!response) return;
    for (const [index, { record, deleted }] of response.results.entries()) {
      const { type, verb } = operations[index] as Write;
      const result = answers[index] as Answer;
      const message = record?.record?.value as RecordMessage | undefined;
      if (verb === "delete") {
        expectEqual(countsOf(deleted), result.deleted);
        for (const entry of this.#dead(operations[index] as Write, deleted)) this.#known.delete(entry);
      } else this.#wrote(type, message as RecordMessage, result);
    }
    this.#state = state;
    this.#forgetTheDead();
  }

  /** The records that a delete within a batch took, of those that are known. */
  #dead({ type, ids }: Write, deleted: readonly RecordCount[]): string[] {
    if (deleted.length === 0) return [];
    const fields = types[type]?.key ?? [];
    return [...this.#known].flatMap(([id, { key }]) => {
      const each = id.slice(0, id.indexOf("\n"));
      const below = each === type || (types[type]?.relations ?? []).includes(each);
      return below && fields.every((field) => key[field] === ids[field]) ? [id] : [];
    });
  }

  async #import({ records, onConflict, validateOnly }: Operation & { kind: "import" }) {
    const counts: Record<string, Record<string, number>> = {};
    let state = this.#state;
    const refused: string[] = [];
    for (const record of records) {
      const { outcome, reason, state: after } = importRecord(state, record, onConflict, ++this.#writes);
      if (reason) refused.push(reason);
      state = after;
      const ofType = counts[record.type] ?? {};
      counts[record.type] = { ...ofType, [outcome]: (ofType[outcome] ?? 0) + 1 };
    }
    const response = await this.client.import(
      [records.map(({ type, ids, values }) => archiveRecord(type, ids, values))],
      { on_conflict: onConflicts[onConflict], validate_only: validateOnly },
    );
    expectEqual(Object.fromEntries(response.counts.map(outcomesOf)), counts);
    expectEqual(
      response.refusals.map(({ reason }) => reason),
      refused,
    );
    if (validateOnly) return;
    this.#state = state;
    // An import answers no records: what it wrote is read, as its etag and ids are not known otherwise.
    const written = new Set(records.flatMap(({ type, ids }) => state.get(idOf(type, ids)) ?? []));
    const unread = [...written].filter(({ etag }) => !this.#etags.has(etag));
    const read = async (entry: Entry) => {
      const record = await this.client.get(entry.type as RecordName, entry.ids, { view: View.VIEW_BASIC });
      return [entry, record] as const;
    };
    for (const [entry, record] of await Promise.all(unread.map(read))) {
      this.#wrote(entry.type, record, { entries: [entry] });
    }
  }

  /** What a call answers where the model says that it succeeds; nothing where both fail alike. */
  async #answered<Result>({ reason }: Answer, call: () => Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await call();
      if (reason) expect("no error").toBe(reason);
      return result;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (!reason || error.reason !== reason)
        expect(`${error.code} ${error.reason}: ${error.message}`).toBe(reason ?? "no error");
      return undefined;
    }
  }

  /** Takes a record as it is after a write, and checks what a write keeps and what it changes. */
  #wrote(type: string, record: RecordMessage, answer: Answer) {
    const [entry] = answer.entries as [Entry];
    const id = idOf(type, entry.ids);
    const before = this.#known.get(id);
    if (before) {
      const { record_id, created_at, link } = record;
      expectEqual(
        { record_id, created_at, link },
        {
          record_id: before.record_id,
          created_at: before.created_at,
          link: before.link,
        },
      );
      if (record.etag === before.etag) throw new Error(`a write left the etag ${record.etag}`);
    } else {
      const own = recordType(type as RecordName).link;
      for (const given of [`${type} ${record.record_id}`, ...(own ? [`${type} ${record.link?.[own]}`] : [])]) {
        if (this.#used.has(given)) throw new Error(`given twice: ${given}`);
        this.#used.add(given);
      }
      for (const { link, type: owner } of recordType(type as RecordName).links.slice(0, -1)) {
        expectEqual(record.link?.[link], this.#known.get(idOf(owner.name, entry.ids))?.link?.[link]);
      }
    }
    this.#known.set(id, record);
    this.#etags.set(entry.etag, record.etag);
    this.#expectRecord(entry, record, false);
  }

  #expectValues(type: string, record: RecordMessage | undefined, { entries }: Answer) {
    expectEqual(record?.key, entries?.[0]?.ids);
    expectEqual(valuesOf(type, record?.details ?? {}), entries?.[0]?.values);
  }

  /** A record as it was last answered, with the values that the model has; and what is around it. */
  #expectRecord(entry: Entry, record: RecordMessage | undefined, full: boolean, asked: readonly string[] = []) {
    const { type, ids } = entry;
    const { relations, ancestors, ...basic } = record as RecordMessage;
    this.#expectValues(type, basic as RecordMessage, { entries: [entry] });
    expectEqual(basic, withoutNeighbours(this.#known.get(idOf(type, ids))));
    if (!full) {
      expectEqual([relations, ancestors], [undefined, undefined]);
      return;
    }
    const below = downstream(this.#state, type, ids).filter((one) => asked.length === 0 || asked.includes(one.type));
    for (const { name, plural, ancestors: needed } of recordTypes) {
      if (needed.length === 0) continue;
      const expected = below.filter((one) => one.type === name);
      const found = (relations?.[plural] ?? []) as RecordMessage[];
      expectEqual(
        found.map(({ key }) => key),
        expected.map((one) => one.ids),
      );
      for (const [index, one] of expected.entries()) this.#expectRecord(one, found[index], false);
    }
    const over = upstream(this.#state, type, ids);
    for (const one of over) {
      const found = ancestors?.[recordType(one.type as RecordName).field] as RecordMessage | undefined;
      this.#expectRecord(one, found, false);
    }
    expectEqual(Object.values(ancestors ?? {}).filter((one) => one !== undefined).length, over.length);
  }

  #forgetTheDead() {
    for (const id of this.#known.keys()) if (!this.#state.has(id)) this.#known.delete(id);
  }

  /** A write with the etag that it chose, as the model knows it. */
  #resolved({ choice, ...drawn }: DrawnWrite): Write {
    if (choice === "none" || drawn.verb === "create") return drawn;
    const present = this.#state.get(idOf(drawn.type, drawn.ids));
    return { ...drawn, etag: choice === "current" && present ? present.etag : -1 };
  }

  #etag(operation: Write): string {
    if (operation.verb === "create" || operation.etag === undefined) return "";
    return this.#etags.get(operation.etag) ?? "0000000000000000";
  }
}

function withoutNeighbours(record: RecordMessage | undefined) {
  const { relations: _, ancestors: __, ...basic } = record ?? ({} as RecordMessage);
  return basic;
}

function outcomesOf({ record_type, ...counts }: ImportCount): [string, Record<string, number>] {
  const name = recordTypes.find(({ number }) => number === record_type)?.name as string;
  const outcomes = Object.entries(counts).map(([outcome, count]) => [outcome, Number(count)] as const);
  return [name, Object.fromEntries(outcomes.filter(([, count]) => count > 0))];
}
