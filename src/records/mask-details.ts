import { pathStep } from "./field-violation.js";
import { type FieldShape, fieldValue, type Level, type Message, type MessageShape } from "./message-shape.js";

type Hidden = ReadonlySet<Level>;

const levelsOf = new Map<MessageShape, ReadonlySet<Level>>();

/** Why not everybody may see some fields of messages of a shape, at whatever depth; shapes can hold themselves. */
export function levelsIn(shape: MessageShape): ReadonlySet<Level> {
  const known = levelsOf.get(shape);
  if (known) return known;
  const found = new Set<Level>();
  levelsOf.set(shape, found);
  for (const { level, message } of shape.fields) {
    if (level) found.add(level);
    for (const below of message ? levelsIn(message) : []) found.add(below);
  }
  return found;
}

const isSensitive = (shape: MessageShape) => levelsIn(shape).size > 0;

const isHidden = ({ level }: FieldShape, hidden: Hidden) => level !== undefined && hidden.has(level);

/** What a field holds while it is unset. */
const unset = ({ container }: FieldShape) => (container === "list" ? [] : container === "map" ? {} : undefined);

/**
 * Details without what is hidden of them, and the paths of that: all of them, set or not, as that they are set is
 * hidden too. The details themselves stay as they are.
 */
export function maskDetails(
  shape: MessageShape,
  details: Message,
  hidden: Hidden,
  masked: string[],
  within = "",
): Message {
  if (!isSensitive(shape)) return details;
  const shown = { ...details };
  for (const field of shape.fields) {
    const path = `${within}${field.name}`;
    if (isHidden(field, hidden)) {
      shown[field.name] = unset(field);
      masked.push(path);
      continue;
    }
    const below = field.message;
    const value = fieldValue(field, details);
    if (!below || value === undefined || field.oneof || !isSensitive(below)) continue;
    shown[field.name] = eachMessage(field, value, (message, key) =>
      maskDetails(below, message, hidden, masked, `${path}.${key === undefined ? "" : `${pathStep(key)}.`}`),
    );
  }
  return shown;
}

/** Whether details give anything of what is hidden. */
export function givesHidden(shape: MessageShape, details: Message, hidden: Hidden): boolean {
  if (!isSensitive(shape)) return false;
  return shape.fields.some((field) => {
    const value = details[field.name];
    if (value === undefined) return false;
    if (isHidden(field, hidden)) return isSet(value);
    const below = field.message;
    if (!below || field.oneof || !isSensitive(below)) return false;
    let found = false;
    eachMessage(field, value, (message) => {
      found ||= givesHidden(below, message, hidden);
      return message;
    });
    return found;
  });
}

/**
 * Details that somebody gave who does not see all of what was there: with that, where they do not give it themselves
 * and do not clear it by name.
 */
export function keepHidden(
  shape: MessageShape,
  given: Message,
  before: Message,
  hidden: Hidden,
  clears: (path: readonly string[]) => boolean = () => false,
  within: readonly string[] = [],
): Message {
  if (!isSensitive(shape)) return given;
  const kept = { ...given };
  for (const field of shape.fields) {
    const path = [...within, field.name];
    const [value, old] = [given[field.name], before[field.name]];
    if (old === undefined) continue;
    if (isHidden(field, hidden)) {
      if (!isSet(value) && !clears(path) && !isGivenEmpty(given, field))
        kept[field.name] = field.name === "attributes" ? withoutGiven(shape, old, given) : old;
      continue;
    }
    const below = field.message;
    if (!below || value === undefined || field.oneof || !isSensitive(below)) continue;
    kept[field.name] = eachMessage(field, value, (message, key) => {
      const previous = (key === undefined ? old : own(old, key)) as Message | undefined;
      return previous
        ? keepHidden(below, message, previous, hidden, clears, key === undefined ? path : [...path, key])
        : message;
    });
  }
  return kept;
}

/** Whether a path goes into a field that is hidden, to something in it: nobody changes parts of what they do not see. */
export function goesIntoHidden(shape: MessageShape, [name, ...rest]: readonly string[], hidden: Hidden): boolean {
  const field = shape.fields.find((each) => each.name === name || each.maskName === name);
  if (!field || rest.length === 0) return false;
  if (isHidden(field, hidden)) return true;
  return field.message
    ? goesIntoHidden(field.message, field.container === "map" ? rest.slice(1) : rest, hidden)
    : false;
}

const isSet = (value: unknown): boolean =>
  value !== undefined && (typeof value !== "object" || value === null || Object.keys(value).length > 0);

/** Whether the attributes say of a field that it was given, and given empty. */
const isGivenEmpty = ({ attributes }: Message, { name }: FieldShape) =>
  typeof attributes === "object" && attributes !== null && Object.hasOwn(attributes, name);

const own = (object: unknown, key: string): unknown =>
  typeof object === "object" && object !== null && Object.hasOwn(object, key) ? Reflect.get(object, key) : undefined;

/** The attributes, without what they say of fields that are given now: that those were given as empty. */
function withoutGiven(shape: MessageShape, attributes: unknown, given: Message): unknown {
  const entries = Object.entries(attributes as Message).filter(([name]) => {
    const field = shape.byName.get(name);
    return !field || !isSet(given[name]);
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** Does something with the message of a field, or with each of a list or a map of them. */
function eachMessage(field: FieldShape, value: unknown, change: (message: Message, key?: string) => Message): unknown {
  if (field.container === "none") return change(value as Message);
  if (field.container === "list") return (value as Message[]).map((message, index) => change(message, String(index)));
  return Object.fromEntries(
    Object.entries(value as Record<string, Message>).map(([key, message]) => [key, change(message, key)]),
  );
}
