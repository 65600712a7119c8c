import type { Caller } from "../records/caller.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import { idFault } from "../records/validate-key.js";
import { type ArchiveError, invalidFields } from "./archive-error.js";
import { readCheckedToken, writeCheckedToken } from "./checked-token.js";
import type { ListRequest } from "./requests.js";

/** A page token is the key after which the page begins, bound to the request and to what its caller may see. */
export const writePageToken = (type: RecordType, request: ListRequest, caller: Caller, key: Ids): string =>
  writeCheckedToken(
    type.key.map((field) => key[field] as string),
    bound(type, request, caller),
  );

/** The key after which a request's page begins; undefined for the first page. */
export function readPageToken(type: RecordType, request: ListRequest, caller: Caller): Ids | undefined {
  if (request.page_token === "") return undefined;
  const ids = readCheckedToken(request.page_token, bound(type, request, caller));
  if (!ids || ids.length !== type.key.length || ids.some(idFault)) throw invalidPageToken();
  return Object.fromEntries(type.key.map((field, index) => [field, ids[index] as string]));
}

export const invalidPageToken = (): ArchiveError =>
  invalidFields(
    [{ field: "page_token", description: "is damaged, or belongs to another request" }],
    "INVALID_PAGE_TOKEN",
  );

function bound(type: RecordType, { filter, view, relation_types }: ListRequest, { sight }: Caller): unknown {
  const equal = type.key.map((field) => filter?.[field] ?? null);
  return [type.name, equal, filter?.id_prefix ?? "", view, relation_types, sight?.digest];
}
