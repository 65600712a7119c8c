import type { Logger } from "winston";

/** What all calls are answered with. */
export interface CallEnvironment {
  readonly logger: Logger;
  /** The most bytes of an answer. */
  readonly maxSendSize: number;
}
