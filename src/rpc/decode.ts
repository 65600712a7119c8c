import { BinaryReader } from "@bufbuild/protobuf/wire";
import { refuse } from "../archive/archive-error.js";
import type { MethodBinding } from "./service-binding.js";
import { UnknownField, unknownFields } from "./unknown-fields.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What the generated code does not know, it passes over; so it would be lost, and nobody told. */
function refuseUnknown(): never {
  throw new UnknownField();
}

/**
 * Decodes a request. The reader refuses text that is not UTF-8, which would otherwise be stored as something else, and
 * goes deeper than the generated code's limit, so that validation can name what nests too deep.
 */
export function decode<Request>(method: MethodBinding<Request>, bytes: Buffer): Request {
  const reader = Object.assign(new BinaryReader(bytes, (text) => utf8.decode(text)), {
    __tsProtoDecodeDepth: -200,
    skip: refuseUnknown,
  });
  try {
    return method.requestType.decode(reader);
  } catch (error) {
    if (error instanceof UnknownField) refuse(unknownFields(method.requestType.$type, bytes));
    const description =
      error instanceof TypeError ? "holds text that is not valid UTF-8" : "is not a valid message of its type";
    refuse([{ field: "request", description }]);
    throw error;
  }
}
