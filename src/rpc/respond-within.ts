import { ResponseTooLarge } from "../archive/archive-error.js";
import type { Respond } from "../archive/respond.js";
import { encode } from "./encode.js";
import { encodeInTurns, isLong } from "./encode-in-turns.js";
import type { MethodBinding } from "./service-binding.js";

/** Makes a response what is sent; refused where it has more bytes than it may have. */
export function respondWithin(limit: number, { responseType }: MethodBinding): Respond<unknown, Buffer> {
  const checked = (bytes: Buffer) => {
    if (bytes.length > limit) throw new ResponseTooLarge(limit, bytes.length);
    return bytes;
  };
  const respond = (response: unknown) =>
    isLong(response) ? encodeInTurns(responseType, response).then(checked) : checked(encode(responseType, response));
  return Object.assign(respond, { limit });
}
