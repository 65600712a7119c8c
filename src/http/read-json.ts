import { create, type DescMessage, fromJson, type JsonValue, type Message, toBinary } from "@bufbuild/protobuf";
import { isFieldError } from "@bufbuild/protobuf/reflect";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { ArchiveError, invalidFields } from "../archive/archive-error.js";
import { limits } from "../limits.js";
import { descriptors } from "../records/message-shape.js";
import { quoted } from "../records/quoted.js";
import { refuseCostlyJson } from "./json-cost.js";
import { type TakenMask, takeMasks } from "./json-masks.js";

/** A request in JSON as the bytes that gRPC would have sent. Numbers that JSON would change are refused. */
export function readJson(schema: DescMessage, bytes: Buffer): Buffer {
  if (bytes.length > limits.bytesOfJsonRequest) throw tooLarge(bytes.length);
  refuseCostlyJson(bytes);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    refuseInexact(text);
    const json: JsonValue = JSON.parse(text === "" ? "{}" : text);
    const masks = takeMasks(schema, json);
    const message = fromJson(schema, json, { registry: descriptors });
    for (const mask of masks) putMask(message, mask);
    return Buffer.from(toBinary(schema, message));
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    const field = isFieldError(error) ? error.field().name : "request";
    throw invalidFields([{ field, description: `is not as JSON should be: ${quoted(reasonOf(error), 500)}` }]);
  }
}

/** Text in JSON, or a number that is whole and so long that it may be no double. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

/** JSON.parse rounds what is beyond 2^53 without a word. */
function refuseInexact(text: string): void {
  if (!/\d{16}/.test(text)) return;
  for (const [token] of text.matchAll(tokens)) {
    if (token.startsWith('"') || BigInt(token) === BigInt(Number(token))) continue;
    const description = `has the number ${quoted(token)}, which no double is: write it as text`;
    throw invalidFields([{ field: "request", description }]);
  }
}

function putMask(message: Message, { at, paths }: TakenMask): void {
  const last = at.length - 1;
  const owner = at.slice(0, last).reduce<object>((inner, step) => memberOf(inner, step), message);
  Reflect.set(owner, at[last] ?? "", create(FieldMaskSchema, { paths }));
}

/** A field's value; where the field belongs to a oneof, protobuf-es keeps it there. */
function memberOf(owner: object, step: string | number): object {
  const direct: unknown = Reflect.get(owner, step);
  if (typeof direct === "object" && direct !== null) return direct;
  for (const group of Object.values(owner)) {
    if (typeof group === "object" && group !== null && Reflect.get(group, "case") === step) return group.value;
  }
  throw new RangeError(`There is no ${step}`);
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deep";
  return error instanceof Error ? error.message : String(error);
}

const tooLarge = (size: number) =>
  new ArchiveError(
    "RESOURCE_EXHAUSTED",
    "REQUEST_TOO_LARGE",
    `The request has ${size} bytes, and one in JSON may have ${limits.bytesOfJsonRequest}: send it in smaller parts, or as application/proto.`,
    { metadata: { limit: String(limits.bytesOfJsonRequest) } },
  );
