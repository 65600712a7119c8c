import { ResponseTooLarge } from "../archive/archive-error.js";
import type { Respond } from "../archive/respond.js";
import { encode } from "./encode.js";
import { encodeInTurns, isLong, Pieces } from "./encode-in-turns.js";
import type { MethodBinding } from "./service-binding.js";

/** What is sent. */
export type Encoded = Buffer | Pieces;

/** All of its bytes in one. */
export function wholeOf(message: Encoded): Buffer {
  if (Buffer.isBuffer(message)) return message;
  const whole = Buffer.allocUnsafe(message.byteLength);
  message.copy(whole);
  return whole;
}

export const isEncoded = (answer: unknown): answer is Encoded => Buffer.isBuffer(answer) || answer instanceof Pieces;

/** Makes a response what is sent; refused where it has more bytes than it may have. */
export function respondWithin(limit: number, { responseType }: MethodBinding): Respond<unknown, Encoded> {
  const checked = (bytes: Encoded) => {
    if (bytes.byteLength > limit) throw new ResponseTooLarge(limit, bytes.byteLength);
    return bytes;
  };
  const respond = (response: unknown) =>
    isLong(response) ? encodeInTurns(responseType, response).then(checked) : checked(encode(responseType, response));
  return Object.assign(respond, { limit });
}
