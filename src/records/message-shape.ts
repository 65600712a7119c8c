import {
  createFileRegistry,
  type DescEnum,
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  getOption,
  ScalarType,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { fileDescriptorSet } from "../../generated/ts/descriptors.js";

/** A message as ts-proto's generated code holds it, seen by its fields' names. */
export type Message = Record<string, unknown>;

/** What a field holds: one value, a list of them or a map from strings to them; and of which kind they are. */
export interface FieldShape {
  readonly name: string;
  /** Its name as field masks in JSON make it: `use_c_l_r` for `use_CLR`. */
  readonly maskName: string;
  readonly container: "none" | "list" | "map";
  readonly kind: "string" | "bool" | "integer" | "int64" | "double" | "enum" | "struct" | "timestamp" | "message";
  /** The oneof that it belongs to, if it belongs to one. */
  readonly oneof: string | undefined;
  /** The shape of its messages, where its kind is "message". */
  readonly message: MessageShape | undefined;
  /** The descriptor of its values, where its kind is "enum". */
  readonly enum: DescEnum | undefined;
  /** Why not everybody may see it. */
  readonly level: Level | undefined;
}

/** Why not everybody may see a field: proto's Sensitivity. */
export const levels = ["personal", "infrastructure"] as const;
export type Level = (typeof levels)[number];

/** The fields of a message. */
export interface MessageShape {
  /** Its name without the package: "RunDetails". */
  readonly name: string;
  readonly fields: readonly FieldShape[];
  /** The same by their names. */
  readonly byName: ReadonlyMap<string, FieldShape>;
  readonly oneofs: readonly string[];
}

/** The descriptors of all of the archive's protos and of those that they import. */
export const descriptors: FileRegistry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, Buffer.from(fileDescriptorSet, "base64")),
);

/** The package of the archive's protos. */
export const packageName = "synergos.archive.v1";

const shapes = new Map<string, MessageShape>();

/** The shape of a message of the archive's package, by its name without the package. */
export function messageShape(name: string): MessageShape {
  const descriptor = descriptors.getMessage(`${packageName}.${name}`);
  if (!descriptor) throw new Error(`No message ${packageName}.${name}`);
  return shapeOf(descriptor);
}

function shapeOf(descriptor: DescMessage): MessageShape {
  const known = shapes.get(descriptor.typeName);
  if (known) return known;
  const fields: FieldShape[] = [];
  const byName = new Map<string, FieldShape>();
  const shape = {
    name: descriptor.typeName.slice(packageName.length + 1),
    fields,
    byName,
    oneofs: descriptor.oneofs.map((oneof) => oneof.name),
  };
  shapes.set(descriptor.typeName, shape);
  for (const field of descriptor.fields.map(fieldShape)) {
    fields.push(field);
    byName.set(field.name, field);
  }
  return shape;
}

function fieldShape(field: DescField): FieldShape {
  const message = field.message && !wellKnown[field.message.typeName] ? shapeOf(field.message) : undefined;
  return {
    name: field.name,
    maskName: field.jsonName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    container: field.fieldKind === "list" || field.fieldKind === "map" ? field.fieldKind : "none",
    kind: kindOf(field),
    oneof: field.oneof?.name,
    message,
    enum: field.enum,
    level: levelOf(field),
  };
}

const sensitivity = descriptors.getExtension(`${packageName}.sensitivity`);

function levelOf(field: DescField): Level | undefined {
  if (!sensitivity) throw new Error("No option of fields that says how sensitive they are");
  const number = Number(getOption(field, sensitivity));
  if (number > levels.length) throw new Error(`${field} has a sensitivity that nobody knows`);
  return levels[number - 1];
}

const wellKnown: Record<string, FieldShape["kind"]> = {
  "google.protobuf.Struct": "struct",
  "google.protobuf.Timestamp": "timestamp",
};

const scalarKinds: Partial<Record<ScalarType, FieldShape["kind"]>> = {
  [ScalarType.STRING]: "string",
  [ScalarType.BOOL]: "bool",
  [ScalarType.INT32]: "integer",
  [ScalarType.INT64]: "int64",
  [ScalarType.DOUBLE]: "double",
};

function kindOf(field: DescField): FieldShape["kind"] {
  if (field.message) return wellKnown[field.message.typeName] ?? "message";
  if (field.enum) return "enum";
  const kind = field.scalar && scalarKinds[field.scalar];
  if (!kind) throw new Error(`${field} is of a type that the archive does not store`);
  return kind;
}

/** The value of a field, be it in a oneof or not. */
export function fieldValue(field: FieldShape, message: Message): unknown {
  if (!field.oneof) return message[field.name];
  const chosen = message[field.oneof] as { $case: string; value: unknown } | undefined;
  return chosen?.$case === field.name ? chosen.value : undefined;
}
