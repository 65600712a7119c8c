import { fromBinary } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { limits } from "../limits.js";
import { type FieldViolation, pathStep } from "../records/field-violation.js";
import { descriptors } from "../records/message-shape.js";

/** A request holds a field that its message does not have. */
export class UnknownField extends Error {
  override readonly name = "UnknownField";
}

const description = "is a field that this server does not know: it would be lost";

/** What is said where it is not looked for which. A field of another encoding than its type's is none of its message. */
export const unknown: FieldViolation = { field: "request", description: `holds what ${description}` };

/**
 * The fields of a request that its message does not have, by their numbers: "details.99". They are looked for only in
 * so many bytes as are decoded within a turn.
 */
export function unknownFields(typeName: string, bytes: Uint8Array): FieldViolation[] {
  const violations: FieldViolation[] = [];
  const descriptor = bytes.length <= limits.bytesOfTurn ? descriptors.getMessage(typeName) : undefined;
  try {
    const message = descriptor && fromBinary(descriptor, bytes, { readUnknownFields: true });
    if (message) visit(reflect(descriptor, message), "", violations);
  } catch {
    // It is not even a message.
  }
  return violations.length > 0 ? violations : [unknown];
}

function visit(message: ReflectMessage, path: string, violations: FieldViolation[]): void {
  const found = (message.getUnknown() ?? []).slice(0, limits.violations - violations.length);
  for (const { no } of found) violations.push({ field: `${path}${no}`, description });
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const own = `${path}${field.name}`;
    if (field.fieldKind === "message") visit(message.get(field), `${own}.`, violations);
    else if (field.fieldKind === "list" && field.listKind === "message") {
      for (const [index, item] of message.get(field).entries()) {
        visit(item as ReflectMessage, `${own}[${index}].`, violations);
      }
    } else if (field.fieldKind === "map" && field.mapKind === "message") {
      for (const [key, item] of message.get(field)) {
        visit(item as ReflectMessage, `${own}.${pathStep(String(key))}.`, violations);
      }
    }
  }
}
