import { create } from "../archive/create.js";
import { remove, removeLeaf, wouldRemove } from "../archive/delete.js";
import { get } from "../archive/get.js";
import { list } from "../archive/list.js";
import type { CreateRequest, DeleteRequest, GetRequest, ListRequest, UpdateRequest } from "../archive/requests.js";
import { update } from "../archive/update.js";
import type { RecordType } from "../records/record-type.js";
import type { Store } from "../storage/store.js";
import type { Handler } from "./handler.js";

/** What the five methods of every record type's service do, by the first part of their names. */
export const recordHandlers = (store: Store, type: RecordType) =>
  ({
    create: (request, context, respond) =>
      store.retried(context, ({ single }) => create(single, type, request, respond)),
    get: (request, context) => get(store.statements(context), type, request),
    list: (request, context, respond) => list(store.statements(context), type, request, respond),
    update: (request, context, respond) =>
      store.retried(context, ({ single, together }) =>
        single.repeated
          ? together((statements) => update(statements, type, request, respond))
          : update(single, type, request, respond),
      ),
    delete: async (request, context, respond) => {
      if (request.validate_only) return wouldRemove(store.statements(context), type, request);
      return store.retried(
        context,
        async ({ single, together }) =>
          (await removeLeaf(single, type, request, respond)) ??
          together(async (statements) => respond(await remove(statements, type, request))),
      );
    },
  }) satisfies {
    create: Handler<CreateRequest>;
    get: Handler<GetRequest>;
    list: Handler<ListRequest>;
    update: Handler<UpdateRequest>;
    delete: Handler<DeleteRequest>;
  };
