import { ArchiveError } from "./archive-error.js";
import type { CallOptions } from "./call-options.js";
import type { Caller } from "./caller.js";
import type { Given } from "./deep-partial.js";
import type { Page, RecordMessages, RecordMethods } from "./record-methods.js";

/** The records of one type. Its requests and responses are those of the type's service. */
export class RecordClient<Types extends RecordMessages> {
  readonly #caller: Caller;
  readonly #methods: RecordMethods<Types>;

  constructor(caller: Caller, methods: RecordMethods<Types>) {
    this.#caller = caller;
    this.#methods = methods;
  }

  /** Creates a record. ALREADY_EXISTS where there is one; FAILED_PRECONDITION where a parent is missing. */
  async create(request: Given<Types["create"]>, options?: CallOptions): Promise<Types["record"]> {
    return present((await this.#caller.unary(this.#methods.Create, request, options)).record);
  }

  /** Gets a record with all that is downstream of it, unless `view` or `relation_types` ask for less. */
  async get(request: Given<Types["get"]>, options?: CallOptions): Promise<Types["record"]> {
    return present((await this.#caller.unary(this.#methods.Get, request, options)).record);
  }

  /** All records that match, in the order of keys. Each page is a call of its own, with a deadline of its own. */
  async *list(request?: Given<Types["list"]>, options?: CallOptions): AsyncGenerator<Types["record"], void, undefined> {
    let page = await this.listPage(request, options);
    yield* page.records;
    while (page.next_page_token !== "") {
      page = await this.#caller.unary(this.#methods.List, request, options, { page_token: page.next_page_token });
      yield* page.records;
    }
  }

  /** One page of records: give its `next_page_token` as the next one's `page_token`, with the same filter. */
  async listPage(request?: Given<Types["list"]>, options?: CallOptions): Promise<Page<Types["record"]>> {
    return this.#caller.unary(this.#methods.List, request, options);
  }

  /** Replaces the details of a record, or changes those that `update_mask` names. NOT_FOUND where there is none. */
  async update(request: Given<Types["update"]>, options?: CallOptions): Promise<Types["record"]> {
    return present((await this.#caller.unary(this.#methods.Update, request, options)).record);
  }

  /** As update, but creates the record where there is none. It can be done again: prefer it to create in retries. */
  async upsert(request: Given<Types["update"]>, options?: CallOptions): Promise<Types["record"]> {
    return present((await this.#caller.unary(this.#methods.Update, request, options, { allow_missing: true })).record);
  }

  /** Deletes a record and all that is downstream of it; answers with the record and the counts by type. */
  async delete(request: Given<Types["delete"]>, options?: CallOptions): Promise<Types["deleted"]> {
    return this.#caller.unary(this.#methods.Delete, request, options);
  }
}

/** A record, which every response that is not an error has. */
function present<Record>(record: Record | undefined): Record {
  if (record === undefined) {
    throw new ArchiveError("INTERNAL", "INTERNAL", "The archive answered without a record.");
  }
  return record;
}
