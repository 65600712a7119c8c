/** A response that many calls send: the first of them encodes it. */
export class SharedResponse {
  #bytes: Buffer | undefined;
  #response: unknown;

  constructor(response: unknown) {
    this.#response = response;
  }

  /** As it is sent. What it was made of takes several times as much, and is not kept. */
  encoded(encode: (response: unknown) => Buffer): Buffer {
    this.#bytes ??= encode(this.#response);
    this.#response = undefined;
    return this.#bytes;
  }
}
