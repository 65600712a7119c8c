import fc from "fast-check";
import type { FieldShape, Message, MessageShape } from "../../src/records/message-shape.js";
import { rules } from "../../src/records/rules.js";

/** Any valid message of a shape: every kind of value that the contract knows. */
export function anyMessage(shape: MessageShape): fc.Arbitrary<Message> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const oneof of shape.oneofs) {
    const choices = shape.fields.filter((field) => field.oneof === oneof);
    fields[oneof] = fc.oneof(...choices.map((field) => anyValue(field).map((value) => ({ $case: field.name, value }))));
  }
  for (const field of shape.fields) {
    if (field.oneof) continue;
    const { required, keys, requiredKey } = rules[`${shape.name}.${field.name}`] ?? {};
    if (field.container === "list") fields[field.name] = fc.array(anyValue(field), { maxLength: 3 });
    else if (field.container === "map") {
      const name = keys
        ? fc.stringMatching(new RegExp(keys.pattern.source.replace("[0-9]*", "[0-9]{0,2}")))
        : fc.string({ unit: "grapheme" });
      fields[field.name] = fc
        .dictionary(name, anyValue(field), { maxKeys: 3, noNullPrototype: true })
        .chain((map) =>
          requiredKey ? anyValue(field).map((value) => ({ ...map, [requiredKey]: value })) : fc.constant(map),
        );
    } else {
      const value = field.name === "structure" ? fc.constant({}) : anyValue(field);
      fields[field.name] = required ? value : fc.option(value, { nil: undefined });
    }
  }
  return fc.record(fields);
}

function anyValue(field: FieldShape): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case "string":
      return fc.string({ unit: "binary" });
    case "bool":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: 0, max: 65535 });
    case "int64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "double":
      return fc.double();
    case "enum":
      return fc.constantFrom(...(field.enum?.values ?? []).map(({ number }) => number).filter((number) => number > 0));
    case "timestamp":
      return fc.record({
        seconds: fc.bigInt({ min: -62135596800n, max: 253402300799n }),
        nanos: fc.nat({ max: 999_999_999 }),
      });
    case "struct":
      return fc.dictionary(
        // So that none is a typed field's name.
        fc.string({ unit: "binary" }).map((name) => `~${name}`),
        fc
          .anything({
            maxDepth: 3,
            values: [
              fc.boolean(),
              fc.string({ unit: "binary" }),
              fc.constant(null),
              fc.double({ noNaN: true, noDefaultInfinity: true }),
            ],
          })
          .filter((value) => value !== undefined && JSON.stringify(value) !== undefined)
          .map((value) => withoutUndefined(value)),
        { maxKeys: 3, noNullPrototype: true },
      );
    case "message":
      return anyMessage(field.message as MessageShape);
  }
}

/** The nearest value that a Struct can hold. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutUndefined(item) ?? null);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => (item === undefined ? [] : [[name, withoutUndefined(item)]])),
  );
}
