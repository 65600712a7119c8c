import type { Caller } from "../records/caller.js";
import type { Message } from "../records/message-shape.js";
import type { NewRecord } from "../storage/store.js";
import { basicRecord } from "./record-message.js";
import type { RecordResponse } from "./requests.js";

/** Makes a response an answer, at once or, where it is large, bit by bit. Throws ResponseTooLarge where it has more bytes than the limit. */
export interface Respond<Response, Answer> {
  (response: Response): Answer | Promise<Answer>;
  /** The most bytes of an answer. */
  readonly limit: number;
}

/** Leaves a response as it is, to be part of another one. */
export const asItIs = <Response>(): Respond<Response, Response> =>
  Object.assign((response: Response) => response, { limit: Number.POSITIVE_INFINITY });

/**
 * The most bytes of an answer for each character of details as they are stored: a list of digits in a Struct, [0,0,0],
 * comes near. And what the rest of a record takes.
 */
const bytesOfCharacter = 8;
const bytesOfRest = 2 ** 14;

/** Ids that a record may have once it is stored, as long as can be. */
const longestNumber = Number.MAX_SAFE_INTEGER;
const longestLink = "\u{10ffff}".repeat(128);

/**
 * What cannot be answered must not be done: throws ResponseTooLarge where the answer with a new record may be. Only of
 * large ones is it made for that, with the longest ids that the record may be given.
 */
export async function refuseUnanswerable<Answer>(
  record: NewRecord,
  details: Message,
  caller: Caller,
  respond: Respond<RecordResponse, Answer>,
): Promise<void> {
  if (record.details.length * bytesOfCharacter + bytesOfRest <= respond.limit) return;
  const links = record.type.links.map(({ type }) => (type === record.type && record.link) || longestLink);
  await respond({ record: basicRecord({ ...record, recordId: longestNumber, links }, caller, details) });
}
