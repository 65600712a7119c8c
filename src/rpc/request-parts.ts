import { ArchiveError, invalidFields } from "../archive/archive-error.js";
import { limits } from "../limits.js";
import { readVarint, ValueCounter, WireFault } from "../records/count-values.js";
import { type WireTable, wireTable } from "../records/wire-table.js";
import type { MethodBinding } from "./service-binding.js";

/** A request in parts that are each a request by themselves: one with all else, and some with more of its list's items. */
interface Parts {
  readonly first: Buffer;
  readonly others: readonly Buffer[];
  /** The name of the list. */
  readonly list: string;
}

/** About as many bytes and values as are decoded at a stretch. */
const bytesOfPart = 2 ** 21;

/** Counts the values of a request that is still bytes, and parts it. Throws where there are too many. */
export function partsOf({ requestType }: MethodBinding, bytes: Buffer): Parts {
  const table = wireTable(requestType.$type);
  const [number, list] = [...table.fields].find(([, { isList }]) => isList) ?? [];
  if (number === undefined || !list?.message) {
    checkRecord(bytes, table, 0, bytes.length, "request");
    return { first: bytes, others: [], list: "" };
  }
  const rest: Buffer[] = [];
  const others: Buffer[] = [];
  let [index, total] = [0, 0];
  let part = { start: 0, end: 0, values: 0 };
  const endPart = () => {
    if (part.end > part.start) others.push(bytes.subarray(part.start, part.end));
  };
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const tag = varint(bytes, at);
    const isItem = tag.value === number * 8 + 2;
    const size = isItem ? varint(bytes, tag.end) : undefined;
    at = size ? size.end + size.value : fieldEnd(bytes, start);
    if (at > bytes.length) throw malformed();
    const values = size
      ? 1 + checkRecord(bytes, list.message, size.end, at, `${list.name}[${index++}]`)
      : checkRecord(bytes, table, start, at, "request");
    total += values;
    if (total > limits.valuesOfRequest) throw tooManyValues("request", limits.valuesOfRequest, `fewer ${list.name}`);
    if (!isItem) rest.push(bytes.subarray(start, at));
    if (!isItem || part.values + values > limits.valuesOfTurn || at - part.start > bytesOfPart) {
      endPart();
      part = { start: isItem ? start : at, end: at, values: 0 };
    }
    part.end = at;
    part.values += values;
  }
  endPart();
  return { first: Buffer.concat(rest), others, list: list.name };
}

/** The values of a record, or of what holds one, between two positions. */
function checkRecord(bytes: Buffer, table: WireTable, start: number, end: number, path: string): number {
  if (end - start > limits.bytesOfRecord) {
    const description = `is larger than the ${limits.bytesOfRecord} bytes that a record may have: split it, or keep large data elsewhere`;
    throw new ArchiveError("RESOURCE_EXHAUSTED", "RECORD_TOO_LARGE", `${path} ${description}.`);
  }
  try {
    return new ValueCounter(bytes, limits.valuesOfRecord).count(table, start, end);
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    if (error.kind === "malformed") throw malformed();
    if (error.kind === "too-many-values") throw tooManyValues(path, limits.valuesOfRecord, "smaller records");
    const field = path === "request" ? error.path : `${path}.${error.path}`;
    throw invalidFields([{ field, description: `must have at most ${limits.bytesOfName} bytes` }]);
  }
}

const tooManyValues = (field: string, limit: number, remedy: string) =>
  invalidFields(
    [{ field, description: `has more than ${limit} values (numbers, texts, members, items): send ${remedy}` }],
    "TOO_MANY_VALUES",
  );

const malformed = () => invalidFields([{ field: "request", description: "is not a valid message of its type" }]);

function varint(bytes: Buffer, start: number): { value: number; end: number } {
  const found = readVarint(bytes, start, bytes.length);
  if (!found) throw malformed();
  return found;
}

/** Where a field that is no item of the list ends. */
function fieldEnd(bytes: Buffer, start: number): number {
  const tag = varint(bytes, start);
  switch (tag.value % 8) {
    case 0:
      return varint(bytes, tag.end).end;
    case 1:
      return tag.end + 8;
    case 2: {
      const size = varint(bytes, tag.end);
      return size.end + size.value;
    }
    case 5:
      return tag.end + 4;
    default:
      throw malformed();
  }
}
