import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Codec } from "./service-binding.js";

const largestKept = 2 ** 20;

/** Messages are written one at a time, so one writer serves all: a new one would grow, and copy, with each. */
export class Encoder {
  #writer = new BinaryWriter();

  /** A message as it is sent. */
  encode<Message>(codec: Pick<Codec<Message>, "encode">, message: Message): Buffer {
    try {
      const { buffer, byteOffset, byteLength } = codec.encode(message, this.#writer).finish();
      if (byteLength > largestKept) this.#writer = new BinaryWriter();
      return Buffer.from(buffer, byteOffset, byteLength);
    } catch (error) {
      // What it holds is half a message.
      this.#writer = new BinaryWriter();
      throw error;
    }
  }
}

const encoder = new Encoder();

/** A message as it is sent. Not for one that is part of another in the making. */
export const encode = <Message>(codec: Pick<Codec<Message>, "encode">, message: Message): Buffer =>
  encoder.encode(codec, message);
