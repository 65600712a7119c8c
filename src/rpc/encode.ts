import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { ResponseTooLarge } from "../archive/archive-error.js";
import type { Respond } from "../archive/respond.js";
import type { MethodBinding } from "./service-binding.js";

/** Messages are written one at a time, so one writer serves all: a new one would grow, and copy, with each. */
let writer = new BinaryWriter();
const largestKept = 2 ** 20;

/** A response as it is sent. */
export function encode({ responseType }: MethodBinding, response: unknown): Buffer {
  try {
    const { buffer, byteOffset, byteLength } = responseType.encode(response, writer).finish();
    if (byteLength > largestKept) writer = new BinaryWriter();
    return Buffer.from(buffer, byteOffset, byteLength);
  } catch (error) {
    // What it holds is half a message.
    writer = new BinaryWriter();
    throw error;
  }
}

/** The same, but refused where it has more bytes than it may have. */
export const respondWithin = (limit: number, method: MethodBinding): Respond<unknown, Buffer> =>
  Object.assign(
    (response: unknown) => {
      const bytes = encode(method, response);
      if (bytes.length > limit) throw new ResponseTooLarge(limit, bytes.length);
      return bytes;
    },
    { limit },
  );
