import { createHash } from "node:crypto";
import type { Caller } from "../records/caller.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import { idFault } from "../records/validate-key.js";
import { refuse } from "./archive-error.js";
import type { ListRequest } from "./requests.js";

/**
 * A page token is the key after which the page begins, with a checksum over it, over the request that it belongs to and
 * over what its caller may see. It is no secret and gives no right: a forged one shows no more than its request may see.
 */
export function writePageToken(type: RecordType, request: ListRequest, caller: Caller, key: Ids): string {
  const ids = type.key.map((field) => key[field] as string);
  return Buffer.from(JSON.stringify([checksum(type, request, caller, ids), ...ids])).toString("base64url");
}

/** The key after which a request's page begins; undefined for the first page. */
export function readPageToken(type: RecordType, request: ListRequest, caller: Caller): Ids | undefined {
  if (request.page_token === "") return undefined;
  const ids = parse(request.page_token);
  const sum = ids?.shift();
  if (!ids || ids.length !== type.key.length || ids.some(idFault) || sum !== checksum(type, request, caller, ids)) {
    const description = "is damaged, or belongs to another request";
    refuse([{ field: "page_token", description }], "INVALID_PAGE_TOKEN");
    return undefined;
  }
  return Object.fromEntries(type.key.map((field, index) => [field, ids[index] as string]));
}

function parse(token: string): string[] | undefined {
  try {
    const bytes = Buffer.from(token, "base64url");
    // Decoding passes over what is not base64.
    if (bytes.toString("base64url") !== token) return undefined;
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}

function checksum(
  type: RecordType,
  { filter, view, relation_types }: ListRequest,
  { sight }: Caller,
  ids: readonly string[],
): string {
  const equal = type.key.map((field) => filter?.[field] ?? null);
  const bound = [
    type.name,
    equal,
    filter?.id_prefix ?? "",
    view,
    relation_types,
    ids,
    ...(sight ? [sight.digest] : []),
  ];
  return createHash("sha256").update(JSON.stringify(bound)).digest("base64url").slice(0, 16);
}
