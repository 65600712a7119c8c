import fc from "fast-check";
import { type FieldShape, fieldValue, type Message, type MessageShape } from "../../src/records/message-shape.js";
import { rulesOf } from "../../src/records/rules.js";

/** Texts that programs are known to change. */
const oddTexts = [
  ...["", " ", " padded ", "\0", "\r\n", "\uFEFF", "a\uFEFFb", "\u2028\u2029", "\u0085", "\uFFFE\uFFFF", "\u200B"],
  ...["é", "e\u0301", "ﬁ", "İ", "ß", "😀", "\u{10FFFF}", "\u202Eabc", "\\", '"', "'", "\\u0000", "%_", "`a`.b[0]"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "$case", "0", "-0", "NaN", "null", "1e400", "true"],
];

/** Any text that is Unicode. */
export const anyText = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: fc.constantFrom(...oddTexts) },
);

const anyFinite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 5e-324, -5e-324, 2 ** -1022, Number.MAX_VALUE, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 1e21, 0.1),
  fc.integer(),
);

const anyDouble = fc.oneof(
  { weight: 3, arbitrary: anyFinite },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
);

const [earliest, latest] = [-62135596800n, 253402300799n];

const anyTimestamp = fc.record({
  seconds: fc.oneof(fc.bigInt({ min: earliest, max: latest }), fc.constantFrom(earliest, -1n, 0n, latest)),
  nanos: fc.oneof(fc.nat({ max: 999_999_999 }), fc.constantFrom(0, 1, 100, 1000, 999_999, 1_000_000, 999_999_999)),
});

/** Objects and lists inside each other, to a depth. */
const nested = (levels: number): unknown => {
  let value: unknown = "deepest";
  for (let level = 0; level < levels; level++) value = level % 3 === 2 ? [value] : { [`level ${level}`]: value };
  return value;
};

/** Any value that a Struct can hold. */
const anyStructValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    anyFinite,
    anyText,
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom({}, [], [[]], [null], nested(25)),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(anyText, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

const anyStruct = fc.dictionary(anyText, anyStructValue, {
  maxKeys: 4,
  noNullPrototype: true,
}) as fc.Arbitrary<Message>;

/** Any valid message of a shape: every kind of value that the contract knows, and the extremes of each. */
export const anyMessage = (shape: MessageShape): fc.Arbitrary<Message> => messageOf(shape, anyValue);

/** A message of a shape some of whose values are not valid, now and then. */
export const anyAttempt = (shape: MessageShape): fc.Arbitrary<Message> =>
  messageOf(shape, function attempted(owner, field): fc.Arbitrary<unknown> {
    const valid = field.message ? messageOf(field.message, attempted) : anyValue(owner, field);
    const invalid = beyond[field.kind];
    return invalid ? fc.oneof({ weight: 20, arbitrary: valid }, { weight: 1, arbitrary: invalid }) : valid;
  });

/** What a field of a kind can be given, but not all of it is kept. */
const beyond: Partial<Record<FieldShape["kind"], fc.Arbitrary<unknown>>> = {
  integer: fc.constantFrom(-(2 ** 31), -1, 65_536, 2 ** 31 - 1),
  enum: fc.constantFrom(-1, 0, 99),
  timestamp: fc.record({
    seconds: fc.constantFrom(earliest - 1n, latest + 1n, 2n ** 63n - 1n, 0n),
    nanos: fc.constantFrom(-1, 0, 1_000_000_000),
  }),
  struct: fc.constantFrom<Message>(
    { a: [{ b: Number.NaN }] },
    { a: Number.NEGATIVE_INFINITY },
    { a: [1, undefined] },
    { a: nested(40) },
    { lr: 1, train: 2, attributes: { attributes: 3 }, kernel_size: [1], padding: {} },
  ),
};

/** Draws the values of a field of a message. */
type DrawValue = (shape: MessageShape, field: FieldShape) => fc.Arbitrary<unknown>;

function messageOf(shape: MessageShape, anyValue: DrawValue): fc.Arbitrary<Message> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const oneof of shape.oneofs) {
    const choices = shape.fields.filter((field) => field.oneof === oneof);
    fields[oneof] = fc.oneof(
      ...choices.map((field) => anyValue(shape, field).map((value) => ({ $case: field.name, value }))),
    );
  }
  for (const field of shape.fields) {
    if (field.oneof) continue;
    const value = anyValue(shape, field);
    const { required, keys, requiredKey } = rulesOf(shape.name, field.name);
    if (field.container === "list") fields[field.name] = fc.array(value, { maxLength: 3 });
    else if (field.container === "map") {
      const name = keys ? fc.stringMatching(new RegExp(keys.pattern.source.replace("[0-9]*", "[0-9]{0,2}"))) : anyText;
      fields[field.name] = fc
        .dictionary(name, value, { maxKeys: 3, noNullPrototype: true })
        .chain((map) => (requiredKey ? value.map((one) => ({ ...map, [requiredKey]: one })) : fc.constant(map)));
    } else fields[field.name] = required ? value : fc.option(value, { nil: undefined });
  }
  const message = fc.record(fields);
  if (!shape.byName.has("attributes")) return message;
  const empties = fc.dictionary(
    fc.constantFrom(...shape.fields.map(({ name }) => name)),
    fc.constantFrom(null, [], {}),
    { maxKeys: 3, noNullPrototype: true },
  );
  return fc.tuple(message, empties).map(([given, empty]) => withEmpties(shape, given, empty));
}

/** A message whose attributes say of no typed field but unset ones that it was given, and given empty. */
function withEmpties(shape: MessageShape, message: Message, empties: Message): Message {
  const { attributes } = message;
  if (!attributes) return message;
  const isTyped = (name: string) =>
    name !== "attributes" &&
    shape.fields.some((field) => field.name === name || rulesOf(shape.name, field.name).keys?.pattern.test(name));
  const free = Object.entries(attributes).filter(([name]) => !isTyped(name));
  const unset = Object.entries(empties).filter(([name]) => {
    const field = shape.byName.get(name);
    const value = field && fieldValue(field, message);
    if (!isTyped(name)) return false;
    return value === undefined || (field?.container !== "none" && Object.keys(Object(value)).length === 0);
  });
  return { ...message, attributes: Object.fromEntries([...free, ...unset]) };
}

function anyValue(shape: MessageShape, field: FieldShape): fc.Arbitrary<unknown> {
  const { range, memberTypes } = rulesOf(shape.name, field.name);
  switch (field.kind) {
    case "string":
      return anyText;
    case "bool":
      return fc.boolean();
    case "integer": {
      const [min, max] = range ?? [-(2 ** 31), 2 ** 31 - 1];
      return fc.integer({ min, max });
    }
    case "int64":
      return fc.oneof(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.constantFrom(-(2n ** 63n), -(2n ** 53n), 1n - 2n ** 53n, 0n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n),
      );
    case "double":
      return anyDouble;
    case "enum":
      return fc.constantFrom(...(field.enum?.values ?? []).map(({ number }) => number).filter((number) => number > 0));
    case "timestamp":
      return anyTimestamp;
    case "struct":
      return memberTypes
        ? fc
            .tuple(anyStruct, anyMembers(memberTypes))
            .map(([free, typed]) => ({ ...withoutNames(free, memberTypes), ...typed }))
        : anyStruct;
    case "message":
      return anyMessage(field.message as MessageShape);
  }
}

const withoutNames = (struct: Message, names: ReadonlyMap<string, unknown>): Message =>
  Object.fromEntries(Object.entries(struct).filter(([name]) => !names.has(name)));

/** Members that have one of the types that they must have. */
const anyMembers = (types: ReadonlyMap<string, readonly string[]>) =>
  fc
    .subarray([...types], { maxLength: 4 })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(
          chosen.map(([name, some]) => [name, fc.oneof(...some.map((type) => ofType[type] ?? anyStructValue))]),
        ),
      ),
    ) as fc.Arbitrary<Message>;

const ofType: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  array: fc.array(anyStructValue, { maxLength: 2 }),
  boolean: fc.boolean(),
  integer: fc.oneof(fc.integer(), fc.constantFrom(-0, 2 ** 53, 1e300)),
  number: anyFinite,
  string: anyText,
  null: fc.constant(null),
};
