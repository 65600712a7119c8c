import {
  create,
  type DescField,
  type DescMessage,
  type MessageInitShape,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { ArchiveServiceDefinition } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { limits } from "../../src/limits.js";
import { descriptors, packageName } from "../../src/records/message-shape.js";
import { bindings } from "../../src/service/bindings.js";

/** A call to make: of any method, with requests that are bytes of any kind. */
export interface FuzzedCall {
  readonly path: string;
  readonly requests: readonly Uint8Array[];
  /** Its deadline, in milliseconds from its beginning. */
  readonly patience: number;
}

/** Deadlines that calls keep, and such as pass while the server is at its work. */
export const patiences = [5, 20, 10_000];

/** Ids that some records have, so that calls do something; and such as no record may have. */
const texts = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("a", "b", "c") },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "",
      " ",
      "\0",
      "a\u2028b",
      "\ufeffa",
      "\u{10ffff}",
      "é",
      "é".normalize("NFD"),
      "__proto__",
      "constructor",
      "attributes",
      "attributes.a.b",
      "details",
      "*",
      "%",
      "a/b",
      "x".repeat(128),
      "x".repeat(129),
      "\u{1f600}".repeat(129),
      "x".repeat(limits.bytesOfName + 1),
    ),
  },
);

const integers = [0, 1, -1, 2, 5, 100, 1000, 1001, 2 ** 31 - 1, -(2 ** 31)];
const longs = [0n, 1n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 253402300800n];
const doubles = [0, -0, 1.5, 5e-324, Number.MAX_VALUE, Number.NaN, Number.POSITIVE_INFINITY];

function scalar(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return texts;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
      return fc.constantFrom(...doubles);
    case ScalarType.INT32:
      return fc.constantFrom(...integers);
    case ScalarType.INT64:
      return fc.constantFrom(...longs);
    default:
      throw new Error(`the archive has no fields of type ${ScalarType[type]}`);
  }
}

function value(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const single = field.message
    ? message(field.message, depth - 1)
    : field.enum
      ? fc.constantFrom(-1, 0, 1, 2, 3, 99)
      : scalar(field.scalar ?? ScalarType.STRING);
  if (field.fieldKind === "list") return fc.array(single, { maxLength: 3 });
  return field.fieldKind === "map" ? fc.dictionary(texts, single, { maxKeys: 3, noNullPrototype: true }) : single;
}

const made = new Map<string, fc.Arbitrary<Record<string, unknown>>>();

/** Any message of a type, valid or not: keys are nearly always there, all else by chance. */
function message(type: DescMessage, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const name = `${type.typeName} ${depth}`;
  const known = made.get(name);
  if (known) return known;
  const parts = type.members.flatMap((member) => {
    if (depth <= 0 && (member.kind === "oneof" || member.message)) return [];
    if (member.kind === "oneof") {
      const choices = member.fields.map((field) =>
        value(field, depth).map((chosen) => ({ case: field.localName, value: chosen })),
      );
      return [[member.localName, fc.oneof(...choices)] as const];
    }
    const usual = /key|details|record|^\w+_id$/i.test(member.name);
    return [[member.localName, fc.option(value(member, depth), { nil: undefined, freq: usual ? 20 : 1 })] as const];
  });
  // A Struct is held as an object by the library.
  const arbitrary =
    type.typeName === "google.protobuf.Struct"
      ? fc.dictionary(texts, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3, noNullPrototype: true })
      : fc.record(Object.fromEntries(parts));
  made.set(name, arbitrary);
  return arbitrary;
}

/** What is done to bytes. */
type Mutation = (bytes: Uint8Array) => Uint8Array;

const mutation: fc.Arbitrary<Mutation> = fc
  .tuple(fc.nat(), fc.nat(), fc.constantFrom("cut", "flip", "repeat", "drop", "length", "deep", "unknown", "random"))
  .map(([one, other, kind]) => (bytes) => {
    const at = bytes.length > 0 ? one % bytes.length : 0;
    const end = at + (other % 16);
    switch (kind) {
      case "cut":
        return bytes.subarray(0, at);
      case "flip":
        return bytes.map((byte, index) => (index === at ? byte ^ (1 << (other % 8)) : byte));
      case "repeat":
        return Buffer.concat([bytes.subarray(0, end), ...Array(other % 50).fill(bytes.subarray(at, end)), bytes]);
      case "drop":
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
      case "length":
        return Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff, 0xff, 0xff, other % 256]), bytes.subarray(at)]);
      case "deep": {
        let inner = bytes;
        for (let level = 0; level < other % 400; level++) inner = new BinaryWriter().uint32(10).bytes(inner).finish();
        return inner;
      }
      case "unknown":
        return Buffer.concat([
          bytes,
          new BinaryWriter()
            .uint32((1000 + (other % 99)) * 8)
            .uint32(one)
            .finish(),
        ]);
      default:
        return Uint8Array.from({ length: other % 64 }, (_, index) => (one * (index + 7)) >> (index % 8));
    }
  });

const methods = [...Object.values(bindings).map((service) => service), ArchiveServiceDefinition].flatMap(
  ({ fullName, methods: all }) =>
    Object.values(all).map(({ name, requestType }) => ({ path: `/${fullName}/${name}`, type: requestType.$type })),
);

/** Any call of the archive. */
export const fuzzedCall: fc.Arbitrary<FuzzedCall> = fc.constantFrom(...methods).chain(({ path, type }) => {
  const descriptor = descriptors.getMessage(type);
  if (!descriptor) throw new Error(`No message ${type} in ${packageName}`);
  const request = fc
    .tuple(message(descriptor, 7), fc.oneof(fc.constant<Mutation[]>([]), fc.array(mutation, { maxLength: 2 })))
    .map(([init, mutations]) =>
      mutations.reduce<Uint8Array>(
        (bytes, mutate) => mutate(bytes),
        toBinary(descriptor, create(descriptor, init as MessageInitShape<DescMessage>)),
      ),
    );
  const count = path.endsWith("/Import") ? 3 : 1;
  return fc.record({
    path: fc.constant(path),
    requests: fc.array(request, { minLength: 1, maxLength: count }),
    // A watch has no end of its own.
    patience: path.endsWith("/Watch")
      ? fc.constantFrom(...patiences.slice(0, -1))
      : fc.oneof(
          { weight: 20, arbitrary: fc.constant(Math.max(...patiences)) },
          { weight: 1, arbitrary: fc.constantFrom(...patiences) },
        ),
  });
});
