import { limits } from "../limits.js";
import { type FieldViolation, pathStep } from "../records/field-violation.js";
import { type FieldShape, fieldValue, type Message, type MessageShape } from "../records/message-shape.js";
import { quoted } from "../records/quoted.js";
import { fromStoredJson } from "../records/stored-json.js";
import { entryNames, isGivenTwice, noStructValue } from "../records/validate-details.js";
import { findField, type Path } from "./field-mask.js";

/**
 * Details with what the mask names taken from others. Neither is changed, and all of it takes time by what is named, not
 * by what is there. A path with a value, but below what is no object, goes to the violations: nothing is lost for it.
 */
export function applyMask(
  shape: MessageShape,
  mask: readonly Path[],
  before: Message,
  given: Message,
  violations: FieldViolation[],
): Message {
  const after = structuredClone(before);
  for (const [index, path] of mask.entries()) {
    const found = find(shape, path, given);
    const fault = found.fault ?? copyField(shape, path, after, given, found.value);
    if (fault && violations.length < limits.violations) {
      const text = path.map(pathStep).join(".");
      violations.push({ field: `update_mask.paths[${index}]`, description: `("${quoted(text)}") ${fault}` });
    }
  }
  return after;
}

/** What there is at a path: nothing where it is not given. Or that the path goes into what has no members. */
interface Found {
  readonly value?: unknown;
  readonly fault?: string;
}

function find(shape: MessageShape, [name, ...rest]: Path, message: Message): Found {
  const field = fieldNamed(shape, name as string);
  const value = fieldValue(field, message);
  if (rest.length === 0 || value === undefined) return { value };
  if (field.kind === "struct") return findMember(name as string, rest, value as Message);
  if (field.container !== "map") return find(field.message as MessageShape, rest, value as Message);
  const [key, ...below] = rest;
  const entry = own(value as Message, key as string);
  if (below.length === 0 || entry === undefined) return { value: entry };
  return find(field.message as MessageShape, below, entry as Message);
}

function findMember(within: string, path: Path, struct: Message): Found {
  let [name, value]: [string, unknown] = [within, struct];
  for (const step of path) {
    if (!isObject(value))
      return { fault: `goes into ${quoted(name)}, which is given as ${described(value)}, not as an object` };
    if (!Object.hasOwn(value, step)) return {};
    [name, value] = [step, value[step]];
    if (value === undefined) return { fault: `names ${quoted(name)}, which ${noStructValue}` };
  }
  return { value };
}

/** Copies a value to a path of the target, or clears what is there. Returns why it cannot. */
function copyField(
  shape: MessageShape,
  path: Path,
  target: Message,
  source: Message | undefined,
  value: unknown,
): string | undefined {
  // An earlier path of the mask took a whole that this one is in.
  if (target === source) return undefined;
  const [name, ...rest] = path;
  const field = fieldNamed(shape, name as string);
  const below = source && fieldValue(field, source);
  const fault =
    rest.length === 0
      ? setField(field, target, value ?? emptyValue(field))
      : field.kind === "struct"
        ? copyMember(field, rest, target, value)
        : field.container === "map"
          ? copyEntry(field, rest, target[field.name] as Message, below as Message | undefined, value)
          : copyInto(field, rest, target, below as Message | undefined, value);
  if (!fault && field.name !== "attributes") moveMarkers(shape, field, rest, target, source);
  return fault;
}

const fieldNamed = (shape: MessageShape, name: string) => findField(shape, name) as FieldShape;

function setField(field: FieldShape, target: Message, value: unknown): undefined {
  if (!field.oneof) target[field.name] = value;
  else if (value !== undefined) target[field.oneof] = { $case: field.name, value };
  else if (fieldValue(field, target) !== undefined) target[field.oneof] = undefined;
}

const emptyValue = (field: FieldShape) =>
  field.container === "list" ? [] : field.container === "map" ? {} : undefined;

/** A name can be anything, also what every object inherits. */
const own = (object: Message, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);

function copyEntry(
  field: FieldShape,
  [name, ...rest]: Path,
  target: Message,
  source: Message | undefined,
  value: unknown,
): string | undefined {
  const key = name as string;
  if (rest.length === 0) {
    if (value === undefined) delete target[key];
    else target[key] = value;
    return undefined;
  }
  const shape = field.message as MessageShape;
  // There is nothing to clear in what is not there.
  if (own(target, key) === undefined && value === undefined) return undefined;
  target[key] = own(target, key) ?? fromStoredJson(shape, "{}");
  return copyField(shape, rest, target[key] as Message, source && (own(source, key) as Message | undefined), value);
}

function copyInto(
  field: FieldShape,
  rest: Path,
  target: Message,
  source: Message | undefined,
  value: unknown,
): string | undefined {
  const shape = field.message as MessageShape;
  const present = fieldValue(field, target);
  if (present === undefined && value === undefined) return undefined;
  const into = (present ?? fromStoredJson(shape, "{}")) as Message;
  if (present === undefined) setField(field, target, into);
  return copyField(shape, rest, into, source, value);
}

/** Copies a value to a member of a Struct, however deep, or clears it. */
function copyMember(field: FieldShape, path: Path, target: Message, value: unknown): string | undefined {
  let [name, holder]: [string, unknown] = [field.name, target[field.name]];
  if (holder === undefined && value !== undefined) {
    holder = {};
    target[field.name] = holder;
  }
  for (const [index, step] of path.entries()) {
    if (!isObject(holder)) {
      // There is nothing to clear in what has no members.
      return value === undefined
        ? undefined
        : `goes into ${quoted(name)}, which is ${described(holder)}, not an object`;
    }
    const isLast = index === path.length - 1;
    if (isLast && value === undefined) delete holder[step];
    else if (isLast) holder[step] = value;
    else if (value !== undefined && own(holder, step) === undefined) holder[step] = {};
    [name, holder] = [step, own(holder, step)];
  }
  return undefined;
}

const isObject = (value: unknown): value is Message =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function described(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}

/**
 * What the attributes say of a field or of an entry, that it was given as empty, is part of it: it comes and goes with
 * it. Where the field was given anew below, it holds no longer.
 */
function moveMarkers(
  shape: MessageShape,
  field: FieldShape,
  rest: Path,
  target: Message,
  source: Message | undefined,
): void {
  const given = (source?.attributes ?? {}) as Message;
  if (target.attributes !== undefined && target.attributes === source?.attributes) return;
  const attributes = (target.attributes ?? {}) as Message;
  const entries = entryNames(shape, field);
  const isMarker = (name: string) => entries?.test(name) === true;
  const named = rest.length === 0 ? [field.name] : rest.length === 1 && entries ? [rest[0] as string] : [];
  const moved =
    rest.length === 0 && entries
      ? [...named, ...Object.keys(attributes).filter(isMarker), ...Object.keys(given).filter(isMarker)]
      : named;
  let removed = false;
  const remove = (name: string) => {
    if (!Object.hasOwn(attributes, name)) return;
    delete attributes[name];
    removed = true;
  };
  for (const name of moved) {
    if (!Object.hasOwn(given, name)) remove(name);
    else {
      attributes[name] = given[name];
      target.attributes = attributes;
    }
  }
  // Of what is given as both, validation says so.
  for (const name of [field.name, ...(entries && rest[0] !== undefined ? [rest[0]] : [])]) {
    if (isGivenTwice(shape, target, name) && !(moved.includes(name) && Object.hasOwn(given, name))) remove(name);
  }
  if (removed && Object.keys(attributes).length === 0) target.attributes = undefined;
}
