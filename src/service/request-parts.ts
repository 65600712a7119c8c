import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { ArchiveError, invalidFields } from "../archive/archive-error.js";
import { limits } from "../limits.js";
import { ValueCounter, WireFault } from "../records/count-values.js";
import { type WireTable, wireTable } from "../records/wire-table.js";
import { keyOfRecord } from "./key-of-record.js";
import type { MethodBinding } from "./service-binding.js";
import { wireField } from "./wire-field.js";

/** A request in parts that are each a request by themselves: one with all else, and some with more of its list's items. */
interface Parts {
  readonly first: Buffer;
  readonly others: readonly (Buffer | RefusedItem)[];
  /** The name of the list. */
  readonly list: string;
}

/** An item of a list that is refused alone: a request that has it alone, and of it nothing but its key. */
export interface RefusedItem {
  readonly part: Uint8Array;
  readonly error: ArchiveError;
}

/** About as many bytes and values as are decoded at a stretch. */
const bytesOfPart = 2 ** 21;

/**
 * Counts the values of a request that is still bytes, and parts it. Throws where there are too many; but of a request
 * that is one of a stream, each item is refused alone.
 */
export function partsOf(method: MethodBinding, bytes: Buffer, maxValues: number): Parts {
  const table = wireTable(method.requestType.$type);
  const maxTotal = Math.max(limits.valuesOfRequest, maxValues);
  const valuesBetween = (start: number, end: number, of: WireTable, path: string) =>
    countValues(bytes.subarray(start, end), of, maxValues, path);
  const [number, list] = listOf(table) ?? [];
  if (number === undefined || !list) {
    valuesBetween(0, bytes.length, table, "request");
    return { first: bytes, others: [], list: "" };
  }
  const rest: Buffer[] = [];
  const others: (Buffer | RefusedItem)[] = [];
  let [index, total] = [0, 0];
  let part = { start: 0, end: 0, values: 0 };
  const endPart = () => {
    if (part.end > part.start) others.push(bytes.subarray(part.start, part.end));
  };
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const field = wireField(bytes, start) ?? fail(malformed("request"));
    at = field.end;
    const isItem = field.isDelimited && field.number === number;
    let values = 1;
    let refused: RefusedItem | undefined;
    try {
      if (!isItem) values = valuesBetween(start, at, table, "request");
      else {
        const path = method.requestStream ? "record" : `${list.name}[${index++}]`;
        values += valuesBetween(field.start, at, list.message, path);
      }
    } catch (error) {
      if (!isItem || !method.requestStream || !(error instanceof ArchiveError)) throw error;
      refused = refusedItem(method, bytes.subarray(start, at), error);
      // As many can have been counted until it was found.
      values = maxValues;
    }
    total += values;
    if (total > maxTotal) throw tooManyValues("request", maxTotal, `fewer ${list.name}`);
    if (!isItem) rest.push(bytes.subarray(start, at));
    const isInPart = isItem && !refused;
    if (!isInPart || part.values + values > limits.valuesOfTurn || at - part.start > bytesOfPart) {
      endPart();
      part = { start: isInPart ? start : at, end: at, values: 0 };
    }
    if (refused) others.push(refused);
    part.end = at;
    part.values += isInPart ? values : 0;
  }
  endPart();
  return { first: Buffer.concat(rest), others, list: list.name };
}

/** The items of a part, each as a request of its own. */
export function* itemsIn(part: Buffer): Generator<Buffer> {
  for (let at = 0; at < part.length; ) {
    const { end } = wireField(part, at) ?? fail(malformed("request"));
    yield part.subarray(at, end);
    at = end;
  }
}

/** An item, as a request of its own, that is refused. */
export function refusedItem({ requestType }: MethodBinding, item: Buffer, error: ArchiveError): RefusedItem {
  const [number = 0, list] = listOf(wireTable(requestType.$type)) ?? [];
  const field = wireField(item, 0);
  const key = field && list ? keyOfRecord(item.subarray(field.start, field.end), list.message) : new Uint8Array();
  const writer = new BinaryWriter().uint32(number * 8 + 2).bytes(key);
  return { part: writer.finish(), error };
}

/** The list of messages that a request has, and its number. */
function listOf(table: WireTable) {
  for (const [number, { isList, message, name }] of table.fields)
    if (isList && message) return [number, { name, message }] as const;
  return undefined;
}

/** The values of a record, or of what holds one. */
function countValues(bytes: Buffer, table: WireTable, maxValues: number, path: string): number {
  if (bytes.length > limits.bytesOfRecord) {
    const description = `is larger than the ${limits.bytesOfRecord} bytes that a record may have: split it, or keep large data elsewhere`;
    throw new ArchiveError("RESOURCE_EXHAUSTED", "RECORD_TOO_LARGE", `${path} ${description}.`);
  }
  try {
    return new ValueCounter(bytes, maxValues).count(table, 0, bytes.length);
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    if (error.kind === "malformed") throw malformed(path === "record" ? path : "request");
    if (error.kind === "too-many-values") throw tooManyValues(path, maxValues, "smaller records");
    const field = path === "request" ? error.path : `${path}.${error.path}`;
    throw invalidFields([{ field, description: `must have at most ${limits.bytesOfName} bytes` }]);
  }
}

const tooManyValues = (field: string, limit: number, remedy: string) =>
  invalidFields(
    [{ field, description: `has more than ${limit} values (numbers, texts, members, items): send ${remedy}` }],
    "TOO_MANY_VALUES",
  );

const malformed = (field: string) => invalidFields([{ field, description: "is not a valid message of its type" }]);

function fail(error: Error): never {
  throw error;
}
