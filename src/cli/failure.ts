/** How a command can end, other than well: the exit status of each. */
export const exitCodes = {
  /** Anything unforeseen, here or in the server; also, of `health`, that the server is not serving. */
  UNFORESEEN: 1,
  /** Options, arguments, or a file that cannot be read or written, or makes no sense. */
  USAGE: 2,
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 4,
  ALREADY_EXISTS: 5,
  FAILED_PRECONDITION: 6,
  ABORTED: 7,
  UNAVAILABLE: 8,
  DEADLINE_EXCEEDED: 9,
  RESOURCE_EXHAUSTED: 10,
  /** An import refused some records. */
  REFUSED: 11,
  /** A question was answered with no, or there was nobody to ask. */
  NOT_CONFIRMED: 12,
  UNAUTHENTICATED: 13,
  PERMISSION_DENIED: 14,
} as const;

/** What the exit status means, for the help. */
export const exitCodesHelp = `
Exit status:
  0   done
  1   something unforeseen; of health: the server is not serving
  2   wrong options or arguments, or a file that cannot be read or written, or makes no sense
  3   the server refused fields of the request (INVALID_ARGUMENT)
  4   there is no such record (NOT_FOUND)
  5   there is such a record already (ALREADY_EXISTS)
  6   parents are missing, or relations are in the way (FAILED_PRECONDITION)
  7   the etag differs, or others wrote at the same time (ABORTED)
  8   the server or its database cannot be reached (UNAVAILABLE)
  9   the server was silent for longer than --timeout (DEADLINE_EXCEEDED)
  10  the answer or a record is too large (RESOURCE_EXHAUSTED)
  11  an import refused some records
  12  not confirmed
  13  no token or certificate, or a bad one (UNAUTHENTICATED)
  14  what was asked is not granted (PERMISSION_DENIED)`;

/** What keeps a command from being done, in one line. */
export class Failure extends Error {
  override readonly name = "Failure";

  constructor(
    readonly exitCode: number,
    readonly reason: string,
    message: string,
    cause?: unknown,
  ) {
    super(message.replace(/\s*\n\s*/g, "; "), { cause });
  }
}

export const usageFailure = (message: string, cause?: unknown): Failure =>
  new Failure(exitCodes.USAGE, "USAGE", message, cause);

/** Anything that was thrown as a failure; what is none is unforeseen, and explained. */
export const asFailure = (error: Error, explain: (error: Error) => string): Failure =>
  error instanceof Failure ? error : new Failure(exitCodes.UNFORESEEN, "FAILED", explain(error), error);
