import { type Client, Metadata, type ServiceError } from "@grpc/grpc-js";
import { onAbort } from "./abort-listener.js";
import { ArchiveError, archiveError, withUnknownOutcome } from "./archive-error.js";
import { fetchedToken, unauthenticated } from "./bearer-token.js";
import { type CallOptions, checkedCallOptions } from "./call-options.js";
import type { Connection } from "./connect-options.js";
import type { Method } from "./method.js";
import { type Failure, isInterruption, isOutcomeUnknown, pauseBeforeRetry } from "./retry.js";
import { openStream } from "./server-stream.js";
import { pause, waitFor } from "./wait.js";

/** One call, with what is the same for all attempts at it. */
interface Call {
  readonly path: string;
  readonly request: Buffer;
  /** When it must have ended, in milliseconds of Date.now; Infinity for never. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/** Makes calls: deadlines, cancellation, retries, and errors are the same for all methods. */
export class Caller {
  readonly #client: Client;
  readonly #connection: Connection;
  readonly #closing = new AbortController();

  constructor(client: Client, connection: Connection) {
    this.#client = client;
    this.#connection = connection;
  }

  /** Ends streams and pauses. Calls that run may end. */
  close(): void {
    this.#closing.abort();
    this.#client.close();
  }

  async unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request | undefined,
    options?: CallOptions,
    added: object = {},
  ): Promise<Response> {
    const call = this.#call(method, request, options, added, this.#connection.timeout);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(call);
      if (outcome.response) return this.#decoded(method, outcome.response);
      const error = call.signal?.aborted ? aborted(call.signal) : this.#error(outcome.error);
      await this.#pauseOrThrow(call, { error, sent: outcome.sent }, method.writes, attempt);
    }
  }

  async *stream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): AsyncGenerator<Response, void, undefined> {
    const call = this.#call(method, request, options, {}, Number.POSITIVE_INFINITY);
    for (let attempt = 1; ; attempt++) {
      this.#throwIfEnded(call);
      const metadata = await this.#metadata(call);
      this.#throwIfEnded(call);
      const { path, deadline, signal } = call;
      const responses = openStream(
        () => this.#client.makeServerStreamRequest(path, asIs, method.decode, call.request, metadata, { deadline }),
        [signal, this.#closing.signal],
      );
      let begun = false;
      try {
        for await (const response of responses) {
          begun = true;
          yield response;
        }
        return;
      } catch (error) {
        this.#throwIfEnded(call);
        const failure = { error: this.#error(error), sent: true };
        // What was handed on cannot be taken back: a stream is not taken up again once it began.
        if (begun) throw failure.error;
        await this.#pauseOrThrow(call, failure, method.writes, attempt);
      }
    }
  }

  /** Whether what failed is sent again. */
  get retries(): boolean {
    return this.#connection.retry;
  }

  /** Whether a watch goes on after an error; where its token has expired, with another one, but not twice for nothing. */
  mayResume(error: ArchiveError, isAnswered: boolean): boolean {
    if (!this.retries || error.reason === "CLOSED") return false;
    if (error.code === "UNAUTHENTICATED") return isAnswered && typeof this.#connection.token === "function";
    return isInterruption(error);
  }

  /** Waits before a watch goes on; throws the error that it was for where it must not wait for so long. */
  async pause(milliseconds: number, error: ArchiveError, deadline: number, signal?: AbortSignal): Promise<void> {
    if (Date.now() + milliseconds >= deadline) throw error;
    await pause(milliseconds, signal, this.#closing.signal);
    this.#throwIfEnded({ signal });
  }

  /** Whatever is wrong with what the caller gave is said here, and nothing is sent. */
  #call<Request>(
    method: Method<Request, unknown>,
    given: Request | undefined,
    options: CallOptions | undefined,
    added: object,
    defaultTimeout: number,
  ): Call {
    const { timeout = defaultTimeout, signal, metadata } = checkedCallOptions(options);
    const request = encoded(method, given, added);
    const { maxMessageSize } = this.#connection;
    if (request.length > maxMessageSize) {
      throw new ArchiveError(
        "RESOURCE_EXHAUSTED",
        "RESOURCE_EXHAUSTED",
        `The request has ${request.length} bytes, and maxMessageSize is ${maxMessageSize}.`,
      );
    }
    const call = { path: method.path, request, deadline: Date.now() + timeout, signal, metadata };
    this.#throwIfEnded(call);
    return call;
  }

  /** Waits until the call may be sent again; throws its error where it may not. */
  async #pauseOrThrow({ deadline, signal }: Call, failure: Failure, writes: boolean, attempt: number): Promise<void> {
    const error = isOutcomeUnknown(failure, writes) ? withUnknownOutcome(failure.error) : failure.error;
    const milliseconds = this.#connection.retry ? pauseBeforeRetry(failure, writes, attempt) : undefined;
    if (milliseconds === undefined || Date.now() + milliseconds >= deadline) throw error;
    await pause(milliseconds, signal, this.#closing.signal);
    if (this.#closing.signal.aborted) throw error;
  }

  /** Never rejected but for want of a token, so that errors are made where the caller is on the stack. */
  async #attempt(call: Call): Promise<Outcome> {
    if (call.signal?.aborted) return { error: aborted(call.signal), sent: false };
    const metadata = await this.#metadata(call);
    const { path, request, deadline, signal } = call;
    if (signal?.aborted) return { error: aborted(signal), sent: false };
    return new Promise((resolve) => {
      const running = this.#client.makeUnaryRequest<Buffer, Buffer>(
        path,
        asIs,
        asIs,
        request,
        metadata,
        { deadline },
        (error, response) => {
          forget();
          if (!error) return resolve({ response: response ?? Buffer.alloc(0) });
          // The peer of a call that found no connection is the address that it looked for.
          resolve({ error, sent: running.getPeer() !== this.#client.getChannel().getTarget() });
        },
      );
      const forget = onAbort(signal, () => running.cancel());
    });
  }

  /** The metadata of one attempt, with a token that is asked for anew. */
  async #metadata({ metadata, deadline, signal }: Call): Promise<Metadata> {
    const sent = new Metadata();
    for (const [name, value] of Object.entries({ ...this.#connection.metadata, ...metadata })) sent.set(name, value);
    const { token } = this.#connection;
    if (typeof token === "string") sent.set("authorization", `Bearer ${token}`);
    else if (token) {
      const fetching = Promise.resolve().then(token).then(fetchedToken);
      const text = await waitFor(fetching, deadline - Date.now(), signal, this.#closing.signal).catch(
        (cause: unknown) => {
          if (cause instanceof ArchiveError) throw cause;
          const why = cause instanceof Error ? cause.message : String(cause);
          throw unauthenticated(`The token function failed: ${why}`, cause);
        },
      );
      if (text !== undefined) sent.set("authorization", `Bearer ${text}`);
      else {
        this.#throwIfEnded({ signal });
        throw new ArchiveError(
          "DEADLINE_EXCEEDED",
          "DEADLINE_EXCEEDED",
          "The token function took longer than the call may.",
        );
      }
    }
    return sent;
  }

  #decoded<Response>(method: Method<never, Response>, bytes: Buffer): Response {
    try {
      return method.decode(bytes);
    } catch (cause) {
      const error = new ArchiveError("INTERNAL", "INTERNAL", `${this.#connection.address}: the answer cannot be read`, {
        cause,
      });
      throw method.writes ? withUnknownOutcome(error) : error;
    }
  }

  #error(error: unknown): ArchiveError {
    if (error instanceof ArchiveError) return error;
    if (isServiceError(error)) return archiveError(error, this.#connection.address);
    const text = error instanceof Error ? error.message : String(error);
    return new ArchiveError("INTERNAL", "INTERNAL", `${this.#connection.address}: ${text}`, { cause: error });
  }

  #throwIfEnded({ signal }: { readonly signal: AbortSignal | undefined }): void {
    if (signal?.aborted) throw aborted(signal);
    if (this.#closing.signal.aborted) {
      throw new ArchiveError("CANCELLED", "CLOSED", `The connection to ${this.#connection.address} was closed.`);
    }
  }
}

type Outcome =
  | { readonly response: Buffer }
  | { readonly response?: never; readonly error: ServiceError | ArchiveError; readonly sent: boolean };

const asIs = (bytes: Buffer) => bytes;

const isServiceError = (error: unknown): error is ServiceError => error instanceof Error && "metadata" in error;

const aborted = (signal: AbortSignal): ArchiveError =>
  new ArchiveError("CANCELLED", "CANCELLED", "The call was aborted.", { cause: signal.reason });

/** A request's bytes. What cannot be one, such as a fraction where an integer belongs, the archive need not be asked. */
function encoded<Request>(method: Method<Request, unknown>, request: Request | undefined, added: object): Buffer {
  try {
    return method.encode(request, added);
  } catch (cause) {
    if (cause instanceof ArchiveError) throw cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ArchiveError("INVALID_ARGUMENT", "INVALID_FIELD", `The request cannot be encoded: ${text}`, { cause });
  }
}
