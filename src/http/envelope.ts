import { invalidFields } from "../archive/archive-error.js";

/** What the first byte before a message says of it. */
export const flags = { compressed: 1, endOfConnect: 2, endOfGrpcWeb: 0x80 } as const;

const headSize = 5;

/** A message as streams send it: one byte of flags, its size, its bytes. */
export function envelope(flag: number, message: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(headSize + message.length);
  whole.writeUInt8(flag, 0);
  whole.writeUInt32BE(message.length, 1);
  whole.set(message, headSize);
  return whole;
}

/** The one message of a request that is sent as a stream is. */
export function onlyMessage(body: Buffer): { readonly isCompressed: boolean; readonly message: Buffer } {
  if (body.length < headSize) throw malformed(`has ${body.length} bytes, where ${headSize} come before each message`);
  const flag = body.readUInt8(0);
  if (flag > flags.compressed) throw malformed(`has a message with flags ${flag}, where 0 and 1 are known`);
  const size = body.readUInt32BE(1);
  const there = body.length - headSize;
  if (size !== there) throw malformed(`has a message of ${size} bytes, and ${there} bytes come: it takes just one`);
  return { isCompressed: flag === flags.compressed, message: body.subarray(headSize) };
}

const malformed = (description: string) => invalidFields([{ field: "request", description }]);
