import { create } from "../archive/create.js";
import { remove } from "../archive/delete.js";
import { get } from "../archive/get.js";
import { list } from "../archive/list.js";
import type { CreateRequest, DeleteRequest, GetRequest, ListRequest, UpdateRequest } from "../archive/requests.js";
import { update } from "../archive/update.js";
import type { RecordType } from "../records/record-type.js";
import type { Store } from "../storage/store.js";
import type { Handler } from "./calls.js";

/** What the five methods of every record type's service do, by the first part of their names. */
export const recordHandlers = (store: Store, type: RecordType) =>
  ({
    create: (request, context) => store.retried(context, () => create(store.statements(context), type, request)),
    get: (request, context) => get(store.statements(context), type, request),
    list: (request, context) => list(store.statements(context), type, request),
    update: (request, context) => store.retried(context, () => update(store.statements(context), type, request)),
    delete: (request, context, respond) =>
      request.validate_only
        ? remove(store.statements(context), type, request, 1)
        : store.transaction(context, async (statements, attempt) =>
            respond(await remove(statements, type, request, attempt)),
          ),
  }) satisfies {
    create: Handler<CreateRequest>;
    get: Handler<GetRequest>;
    list: Handler<ListRequest>;
    update: Handler<UpdateRequest>;
    delete: Handler<DeleteRequest>;
  };
