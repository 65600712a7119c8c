import type { DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { type FieldMask, FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { limits } from "../limits.js";

/** A mask that was taken out of JSON, and where in the message it belongs: names of fields and indexes of lists. */
export interface TakenMask {
  readonly at: readonly (string | number)[];
  readonly paths: string[];
}

const maskName: FieldMask["$typeName"] = FieldMaskSchema.typeName;

/** Whether a message may hold a mask somewhere. */
const holding = new Map<string, boolean>();

function holdsMask(message: DescMessage): boolean {
  const known = holding.get(message.typeName);
  if (known !== undefined) return known;
  // What holds itself is asked while it is not known yet.
  holding.set(message.typeName, false);
  const holds =
    message.typeName === maskName || message.fields.some((field) => field.message && holdsMask(field.message));
  holding.set(message.typeName, holds);
  return holds;
}

/**
 * Takes all field masks out of JSON. In JSON a mask is one text of paths in lowerCamelCase, which cannot name every
 * member of a map or Struct. So paths that have an underscore or a quoted step are taken as they are, and so are all of
 * `{"paths": […]}`, which is what gRPC sends.
 */
export function takeMasks(message: DescMessage, json: JsonValue, at: TakenMask["at"] = []): TakenMask[] {
  if (!isObject(json)) return [];
  const taken: TakenMask[] = [];
  for (const field of message.fields) {
    if (!field.message || !holdsMask(field.message)) continue;
    for (const name of new Set([field.jsonName, field.name])) {
      const value = json[name];
      if (value === undefined || value === null) continue;
      const place = [...at, field.localName];
      if (field.message.typeName === maskName) {
        const paths = pathsOf(value);
        if (!paths) continue;
        taken.push({ at: place, paths });
        delete json[name];
      } else if (Array.isArray(value)) {
        for (const [index, item] of value.entries()) taken.push(...takeMasks(field.message, item, [...place, index]));
      } else {
        taken.push(...takeMasks(field.message, value, place));
      }
    }
  }
  return taken;
}

/** Undefined for what is no mask: who decodes it says so. */
function pathsOf(value: JsonValue): string[] | undefined {
  if (typeof value === "string") {
    const paths: string[] = [];
    for (const [path] of value.matchAll(/(?:`[^`]*`|[^,`])+/g)) {
      paths.push(protoPath(path));
      // One more than there may be, so that it is refused for that.
      if (paths.length > limits.pathsOfMask) break;
    }
    return paths;
  }
  if (!isObject(value) || Object.keys(value).some((name) => name !== "paths")) return undefined;
  const { paths = [] } = value;
  return Array.isArray(paths) && paths.every((path) => typeof path === "string") ? paths : undefined;
}

const protoPath = (path: string): string =>
  /[_`]/.test(path) ? path : path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
