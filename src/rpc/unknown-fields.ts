import { fromBinary } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type FieldViolation, pathStep } from "../records/field-violation.js";
import { descriptors } from "../records/message-shape.js";

/** A request holds a field that its message does not have. */
export class UnknownField extends Error {
  override readonly name = "UnknownField";
}

const description = "is a field that this server does not know: it would be lost";

/** The fields of a request that its message does not have, by their numbers: "details.99". */
export function unknownFields(typeName: string, bytes: Uint8Array): FieldViolation[] {
  const violations: FieldViolation[] = [];
  const descriptor = descriptors.getMessage(typeName);
  try {
    const message = descriptor && fromBinary(descriptor, bytes, { readUnknownFields: true });
    if (message) visit(reflect(descriptor, message), "", violations);
  } catch {
    // It is not even a message.
  }
  // A field of another encoding than its type's is none that it has.
  return violations.length > 0 ? violations : [{ field: "request", description: `holds what ${description}` }];
}

function visit(message: ReflectMessage, path: string, violations: FieldViolation[]): void {
  for (const { no } of message.getUnknown() ?? []) violations.push({ field: `${path}${no}`, description });
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
