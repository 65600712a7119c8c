import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Codec } from "./service-binding.js";

/** Messages are written one at a time, so one writer serves all: a new one would grow, and copy, with each. */
let writer = new BinaryWriter();
const largestKept = 2 ** 20;

/** A message as it is sent. */
export function encode<Message>(codec: Pick<Codec<Message>, "encode">, message: Message): Buffer {
  try {
    const { buffer, byteOffset, byteLength } = codec.encode(message, writer).finish();
    if (byteLength > largestKept) writer = new BinaryWriter();
    return Buffer.from(buffer, byteOffset, byteLength);
  } catch (error) {
    // What it holds is half a message.
    writer = new BinaryWriter();
    throw error;
  }
}
