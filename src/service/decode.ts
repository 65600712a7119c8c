import { ArchiveError, refuse } from "../archive/archive-error.js";
import { unreadRecords } from "../archive/unread-records.js";
import { limits } from "../limits.js";
import type { FieldViolation } from "../records/field-violation.js";
import { markLong, Turns, turnAfter } from "../turns.js";
import { itemsIn, partsOf, type RefusedItem, refusedItem } from "./request-parts.js";
import type { MethodBinding } from "./service-binding.js";
import { IntegerTooLarge, StrictReader } from "./strict-reader.js";
import { UnknownField, unknown, unknownFields } from "./unknown-fields.js";

/**
 * Decodes a request. As many bytes as a record may have values cannot hold too many of them, and are decoded at once;
 * of others the values are counted first, and they are decoded part by part.
 *
 * The items of a request that is one of a stream are each for themselves: what is wrong with one is kept beside it, in
 * unreadRecords, and the others are decoded.
 */
export function decode<Request>(
  method: MethodBinding<Request>,
  bytes: Buffer,
  maxValues: number,
): Request | Promise<Request> {
  if (bytes.length > Math.min(maxValues, limits.bytesOfTurn)) return decodeInParts(method, bytes, maxValues);
  try {
    return decodeAtOnce(method, bytes);
  } catch (error) {
    if (!method.requestStream) throw error;
    return decodeInParts(method, bytes, maxValues);
  }
}

async function decodeInParts<Request>(
  method: MethodBinding<Request>,
  bytes: Buffer,
  maxValues: number,
): Promise<Request> {
  const { first, others, list } = partsOf(method, bytes, maxValues);
  await turnAfter(first.length);
  const request = decodeAtOnce(method, first);
  const items = list === "" ? [] : itemsOf(request, list);
  const take = (part: Uint8Array, place: Place) => {
    for (const item of itemsOf(decodeAtOnce(method, part, place), list)) items.push(item);
  };
  const takeRefused = ({ part, error }: RefusedItem) => {
    try {
      take(part, inPart);
    } catch (failure) {
      if (!(failure instanceof ArchiveError)) throw failure;
      // Not even its key can be read.
      take(refusedItem(method, Buffer.alloc(0), error).part, inPart);
    }
    unreadRecords.set(Object(items.at(-1)), error);
  };
  const takeEach = (part: Buffer) => {
    for (const item of itemsIn(part)) {
      try {
        take(item, inItem(list));
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
        takeRefused(refusedItem(method, item, error));
      }
    }
  };
  const turns = new Turns();
  for (const part of others) {
    await turns.next();
    if ("error" in part) {
      takeRefused(part);
      continue;
    }
    const taken = items.length;
    try {
      take(part, inPart);
    } catch (error) {
      if (!method.requestStream) throw error;
      items.length = taken;
      takeEach(part);
    }
  }
  await turns.next();
  markLong(Object(request));
  return request;
}

function itemsOf(request: unknown, list: string): unknown[] {
  const items: unknown = Reflect.get(Object(request), list);
  if (!Array.isArray(items)) throw new Error(`There is no list ${list}`);
  return items;
}

/** What is decoded, to whom it is told what is wrong with it. */
interface Place {
  readonly field: string;
  unknown(typeName: string, bytes: Uint8Array): FieldViolation[];
}

const inRequest: Place = { field: "request", unknown: unknownFields };

/** Within a part, the items of its list have other indexes. */
const inPart: Place = { field: "request", unknown: () => [unknown] };

const inItem = (list: string): Place => ({
  field: "record",
  unknown: (typeName, bytes) =>
    unknownFields(typeName, bytes).map(({ field, description }) => ({
      field: field === unknown.field ? "record" : field.replace(`${list}[0].`, ""),
      description,
    })),
});

function decodeAtOnce<Request>(method: MethodBinding<Request>, bytes: Uint8Array, place = inRequest): Request {
  try {
    return method.requestType.decode(new StrictReader(bytes));
  } catch (error) {
    if (error instanceof UnknownField) refuse(place.unknown(method.requestType.$type, bytes));
    refuse([{ field: place.field, description: faultOf(error) }]);
    throw error;
  }
}

function faultOf(error: unknown): string {
  if (error instanceof TypeError) return "holds text that is not valid UTF-8";
  if (error instanceof IntegerTooLarge)
    return "holds an integer or an enum's value of more than 32 bits, where its field has 32";
  return "is not a valid message of its type";
}
