import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { descriptors, packageName } from "./message-shape.js";

/** What one needs to know of a message to count its values while they are still bytes. */
export interface WireTable {
  readonly fields: ReadonlyMap<number, WireField>;
  /** Whether such a message is a value. It is none where it only wraps one, as the entry of a map does. */
  readonly counts: boolean;
}

export interface WireField {
  readonly name: string;
  /** The table of its messages, where it holds messages. */
  readonly message: WireTable | undefined;
  /** Whether what is no message is a value. It is none where it is part of one, as the key of an entry is. */
  readonly counts: boolean;
  /** The bytes of each of its numbers where they can be packed: 0 where their size varies; undefined for the rest. */
  readonly packed: number | undefined;
  /** Whether it holds any number of messages. */
  readonly isList: boolean;
  /** Whether it is text that names something: an id, a path, a token. */
  readonly isName: boolean;
}

const tables = new Map<string, WireTable>();

/** The table of a message by its whole name. */
export function wireTable(typeName: string): WireTable {
  const descriptor = descriptors.getMessage(typeName);
  if (!descriptor) throw new Error(`No message ${typeName}`);
  return tableOf(descriptor);
}

function tableOf(descriptor: DescMessage): WireTable {
  const known = tables.get(descriptor.typeName);
  if (known) return known;
  const fields = new Map<number, WireField>();
  const table = { fields, counts: !wrappers.has(descriptor.typeName) };
  tables.set(descriptor.typeName, table);
  for (const field of descriptor.fields) fields.set(field.number, fieldOf(descriptor.typeName, field));
  return table;
}

const wrappers = new Set(["google.protobuf.Struct", "google.protobuf.ListValue"]);

/** All texts of these name something. What stands in details can be anything. */
const naming = new RegExp(`^(google\\.protobuf\\.FieldMask|${packageName}\\.\\w+(Key|Filter|Link|Request))$`);

function fieldOf(owner: string, field: DescField): WireField {
  const isText = field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES;
  return {
    name: field.name,
    message: field.fieldKind === "map" ? entryTable(field) : field.message && tableOf(field.message),
    // The value is counted, whatever it holds.
    counts: owner !== "google.protobuf.Value",
    packed: field.fieldKind === "list" && !field.message && !isText ? sizeOf(field.scalar) : undefined,
    isList: field.fieldKind === "list" && field.message !== undefined,
    isName: isText && naming.test(owner),
  };
}

/** The bytes of a number of fixed size; 0 of one whose size varies. */
const sizeOf = (scalar: ScalarType | undefined): number => (scalar === ScalarType.DOUBLE ? 8 : 0);

function entryTable(field: DescField & { fieldKind: "map" }): WireTable {
  const part = { message: undefined, packed: undefined, isList: false, isName: false };
  return {
    counts: false,
    fields: new Map([
      [1, { ...part, name: "key", counts: false }],
      [2, { ...part, name: "value", counts: true, message: field.message && tableOf(field.message) }],
    ]),
  };
}
