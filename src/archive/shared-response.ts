/** A response that many calls send: it is encoded once. */
export class SharedResponse {
  /** As it is sent, once it was. */
  bytes: Buffer | undefined;

  constructor(readonly response: unknown) {}
}
