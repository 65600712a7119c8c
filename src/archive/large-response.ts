/**
 * A response of details so large that to read what is stored and to encode it each takes long: others have their turn in
 * between.
 */
export class LargeResponse<Response> {
  constructor(
    /** Reads what is stored, ahead of the rest. */
    readonly read: () => void,
    /** Makes what is encoded. */
    readonly make: () => Response,
  ) {}
}
