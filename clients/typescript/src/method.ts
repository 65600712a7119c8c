import { checkRequest } from "./request-check.js";

/** A method of a service: its path, and how its messages are coded. */
export interface Method<Request, Response> {
  readonly path: string;
  /** Whether it changes records, so that doing it twice is not the same as once. */
  readonly writes: boolean;
  /** Codes what a caller gave, if anything, and what the client adds to it. */
  encode(request: Request | undefined, added: object): Buffer;
  decode(bytes: Buffer): Response;
}

/** What the client needs of the generated code of a message. */
export interface Codec<Message> {
  readonly $type: string;
  // The generated parameter is generic, and needs mutable lists; Given and DeepPartial say what it takes.
  fromPartial(partial: object): Message;
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** A method whose requests are checked, and filled up to whole messages. */
export const method = <Request extends object, Message, Response>(
  { path, writes }: { readonly path: string; readonly writes: boolean },
  request: Codec<Message>,
  response: Codec<Response>,
): Method<Request, Response> => ({
  path,
  writes,
  encode(given, added) {
    checkRequest(request.$type, given === undefined ? {} : given);
    return Buffer.from(request.encode(request.fromPartial({ ...given, ...added })).finish());
  },
  decode: (bytes) => response.decode(bytes),
});
