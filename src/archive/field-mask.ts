import { limits } from "../limits.js";
import type { FieldViolation } from "../records/field-violation.js";
import { type FieldShape, fieldValue, type Message, type MessageShape } from "../records/message-shape.js";
import { quoted } from "../records/quoted.js";
import { fromStoredJson } from "../records/stored-json.js";
import { givenTwice } from "../records/validate-details.js";

/** A path of a field mask: the names of fields and keys from the details down. */
type Path = readonly string[];

/** The paths of a mask; undefined where it means everything. Those that do not exist go to the violations. */
export function readMask(
  shape: MessageShape,
  mask: readonly string[] | undefined,
  violations: FieldViolation[],
): readonly Path[] | undefined {
  if (!mask || mask.length === 0) return undefined;
  if (mask.includes("*")) {
    if (mask.length > 1) violations.push({ field: "update_mask", description: '"*" must stand alone' });
    return undefined;
  }
  if (mask.length > limits.pathsOfMask) {
    const description = `must have at most ${limits.pathsOfMask} paths, not ${mask.length}: name what they have in common`;
    violations.push({ field: "update_mask", description });
    return [];
  }
  return mask.map((text, index) => {
    const path = splitPath(text);
    const fault = path ? pathFault(shape, path) : "is not a path";
    if (fault && violations.length < limits.violations)
      violations.push({ field: `update_mask.paths[${index}]`, description: `("${quoted(text)}") ${fault}` });
    return path ?? [];
  });
}

/** Splits "a.b.`c.d`" into its steps; undefined if it cannot be split. */
function splitPath(text: string): string[] | undefined {
  const steps: string[] = [];
  const step = /(?:`((?:[^`]|``)+)`|([^.`]+))(\.|$)/y;
  let end = "";
  do {
    const match = step.exec(text);
    if (!match) return undefined;
    steps.push(match[1]?.replaceAll("``", "`") ?? (match[2] as string));
    end = match[3] as string;
  } while (end === ".");
  return steps;
}

const findField = (shape: MessageShape, name: string) =>
  shape.fields.find((field) => field.name === name) ?? shape.fields.find((field) => field.maskName === name);

/** What is wrong with a path. */
function pathFault(shape: MessageShape, [name, ...rest]: Path): string | undefined {
  const field = findField(shape, name as string);
  if (!field) return `names no field: ${shape.name} has no ${quoted(name as string)}`;
  const below = field.container === "map" ? rest.slice(1) : rest;
  if (field.container === "list" && rest.length > 0) return `goes into the list ${name}, which changes as a whole`;
  if (below.length === 0 || field.kind === "struct") return undefined;
  return field.message ? pathFault(field.message, below) : `goes into ${name}, which has no fields`;
}

/** Details with what the mask names taken from others. Neither is changed. */
export function applyMask(shape: MessageShape, mask: readonly Path[], before: Message, given: Message): Message {
  const after = structuredClone(before);
  for (const path of mask) copyField(shape, path, after, given);
  return after;
}

function copyField(shape: MessageShape, [name, ...rest]: Path, target: Message, source: Message | undefined): void {
  const field = findField(shape, name as string) as FieldShape;
  const value = source && fieldValue(field, source);
  if (rest.length === 0) setField(field, target, value ?? emptyValue(field));
  else if (field.container === "map") copyEntry(field, rest, target[field.name] as Message, (value ?? {}) as Message);
  else if (field.kind === "struct") target[field.name] = withMember(target[field.name], rest, value);
  else copyInto(field, rest, target, value as Message | undefined);
  if (field.name !== "attributes") moveMarkers(shape, field.name, target, source);
}

function setField(field: FieldShape, target: Message, value: unknown): void {
  if (!field.oneof) target[field.name] = value;
  else if (value !== undefined) target[field.oneof] = { $case: field.name, value };
  else if (fieldValue(field, target) !== undefined) target[field.oneof] = undefined;
}

const emptyValue = (field: FieldShape) =>
  field.container === "list" ? [] : field.container === "map" ? {} : undefined;

function copyEntry(field: FieldShape, [key, ...rest]: Path, target: Message, source: Message): void {
  const shape = field.message as MessageShape;
  const name = key as string;
  // A name can be anything, also what every object inherits.
  const own = (map: Message) => (Object.hasOwn(map, name) ? (map[name] as Message) : undefined);
  const entry = own(source);
  if (rest.length === 0) target[name] = entry;
  else {
    const into = own(target) ?? (entry && fromStoredJson(shape, "{}"));
    if (into) copyField(shape, rest, into, entry);
    target[name] = into;
  }
  if (target[name] === undefined) delete target[name];
}

function copyInto(field: FieldShape, rest: Path, target: Message, source: Message | undefined): void {
  const shape = field.message as MessageShape;
  const present = fieldValue(field, target);
  // There is nothing to clear in what is not there.
  if (!present && !source) return;
  const into = (present ?? fromStoredJson(shape, "{}")) as Message;
  copyField(shape, rest, into, source);
  setField(field, target, into);
}

/** A Struct with one member, however deep, taken from another. */
function withMember(target: unknown, [name, ...rest]: Path, source: unknown): unknown {
  const inside = (value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Message) : undefined;
  const given = inside(source);
  const isGiven = given !== undefined && Object.hasOwn(given, name as string);
  const result = { ...inside(target) };
  if (rest.length === 0 && isGiven) result[name as string] = given[name as string];
  else if (rest.length > 0 && (isGiven || inside(result[name as string]))) {
    result[name as string] = withMember(result[name as string], rest, given?.[name as string]);
  } else delete result[name as string];
  return target === undefined && Object.keys(result).length === 0 ? undefined : result;
}

/** What the attributes said of a field, that it was given as empty, holds no longer once the field is given anew. */
function moveMarkers(shape: MessageShape, name: string, target: Message, source: Message | undefined): void {
  const attributes = { ...(target.attributes as Message | undefined) };
  const given = source?.attributes as Message | undefined;
  delete attributes[name];
  if (given && Object.hasOwn(given, name)) attributes[name] = given[name];
  for (const twice of givenTwice(shape, { ...target, attributes })) delete attributes[twice];
  if (target.attributes !== undefined || Object.keys(attributes).length > 0) {
    target.attributes = Object.keys(attributes).length > 0 ? attributes : undefined;
  }
}
