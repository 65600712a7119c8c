import type { FieldShape, Message, MessageShape } from "./message-shape.js";
import { rulesOf } from "./rules.js";

/** Valid details that say as little as possible: what is required is empty, zero, or the first that it may be. */
export const minimalDetails = (shape: MessageShape): Message =>
  Object.fromEntries(
    shape.fields.flatMap((field): [string, unknown][] => {
      const { required, requiredKey } = rulesOf(shape.name, field.name);
      if (field.container === "list") return [[field.name, []]];
      if (field.container === "map") return [[field.name, requiredKey ? { [requiredKey]: minimalValue(field) } : {}]];
      return required ? [[field.name, minimalValue(field)]] : [];
    }),
  );

function minimalValue(field: FieldShape): unknown {
  switch (field.kind) {
    case "string":
      return "";
    case "bool":
      return false;
    case "int64":
      return 0n;
    case "enum":
      return field.enum?.values.find(({ number }) => number > 0)?.number;
    case "struct":
      return {};
    case "timestamp":
      return { seconds: 0n, nanos: 0 };
    case "message":
      return field.message && minimalDetails(field.message);
    default:
      return 0;
  }
}
