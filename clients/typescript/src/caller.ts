import { setTimeout as sleep } from "node:timers/promises";
import { type Client, Metadata, type ServiceError } from "@grpc/grpc-js";
import { ArchiveError, archiveError } from "./archive-error.js";
import type { Method } from "./method.js";

/** How to make one call. */
export interface CallOptions {
  /** How long it may take, in milliseconds, retries included; Infinity for any time. */
  readonly timeout?: number | undefined;
  /** Cancels the call, which is then rejected with CANCELLED and the signal's reason as its cause. */
  readonly signal?: AbortSignal | undefined;
  /** Sent along, such as "x-request-id", under which the archive logs the call. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export interface CallDefaults {
  readonly timeout: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retry: boolean;
}

const maxAttempts = 5;

/** Makes calls: deadlines, cancellation, retries, and errors are the same for all methods. */
export class Caller {
  readonly #client: Client;
  readonly #defaults: CallDefaults;

  constructor(client: Client, defaults: CallDefaults) {
    this.#client = client;
    this.#defaults = defaults;
  }

  async unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request | undefined,
    options: CallOptions = {},
    added: object = {},
  ): Promise<Response> {
    const bytes = encoded(method, request, added);
    const deadline = Date.now() + (options.timeout ?? this.#defaults.timeout);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(method.path, bytes, deadline, options);
      if (outcome.response) return method.decode(outcome.response);
      const error = cancelled(options.signal) ?? archiveError(outcome.error);
      const pause = Math.random() * 100 * 2 ** attempt;
      const again = this.#defaults.retry && attempt < maxAttempts && isTransient(error, outcome.begun);
      if (!again || Date.now() + pause >= deadline) throw error;
      // An abort ends the pause, and the attempt after it at once.
      await sleep(pause, undefined, { signal: options.signal }).catch(() => {});
    }
  }

  async *stream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): AsyncGenerator<Response, void, undefined> {
    const { signal, timeout = Number.POSITIVE_INFINITY } = options;
    const aborted = cancelled(signal);
    if (aborted) throw aborted;
    const call = this.#client.makeServerStreamRequest(
      method.path,
      asIs,
      method.decode,
      encoded(method, request, {}),
      this.#metadata(options),
      { deadline: Date.now() + timeout },
    );
    // The loop below throws it; but one may also come once nobody reads any more, when a loop was left.
    call.on("error", () => {});
    const abort = () => call.cancel();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      for await (const response of call) yield response;
    } catch (error) {
      throw cancelled(signal) ?? (isServiceError(error) ? archiveError(error) : error);
    } finally {
      signal?.removeEventListener("abort", abort);
      call.cancel();
    }
  }

  /** Never rejected, so that errors are made where the caller is on the stack. */
  #attempt(path: string, request: Buffer, deadline: number, options: CallOptions): Promise<Outcome> {
    const { signal } = options;
    return new Promise((resolve) => {
      let begun = false;
      const call = this.#client.makeUnaryRequest<Buffer, Buffer>(
        path,
        asIs,
        asIs,
        request,
        this.#metadata(options),
        { deadline },
        (error, response) => {
          signal?.removeEventListener("abort", abort);
          resolve(error ? { error, begun } : { response: response ?? Buffer.alloc(0) });
        },
      );
      const abort = () => call.cancel();
      call.on("metadata", () => {
        begun = true;
      });
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    });
  }

  #metadata({ metadata }: CallOptions): Metadata {
    const sent = new Metadata();
    for (const [name, value] of Object.entries({ ...this.#defaults.metadata, ...metadata })) sent.set(name, value);
    return sent;
  }
}

type Outcome =
  | { readonly response: Buffer; readonly error?: never }
  /** Whether the answer had begun when it failed. */
  | { readonly response?: never; readonly error: ServiceError; readonly begun: boolean };

const asIs = (bytes: Buffer) => bytes;

const isServiceError = (error: unknown): error is ServiceError => error instanceof Error && "metadata" in error;

/**
 * Whether to send a call again that gRPC itself does not. A conflict was rolled back. An answer that had begun is
 * beyond gRPC's retries; here nothing of it was handed on yet.
 */
const isTransient = ({ code, reason }: ArchiveError, begun: boolean) =>
  (code === "ABORTED" && reason === "CONFLICT") || (code === "UNAVAILABLE" && begun);

const cancelled = (signal: AbortSignal | undefined): ArchiveError | undefined =>
  signal?.aborted
    ? new ArchiveError("CANCELLED", "CANCELLED", "The call was aborted.", { cause: signal.reason })
    : undefined;

/** A request's bytes. What cannot be one, such as a fraction where an integer belongs, the archive need not be asked. */
function encoded<Request>(method: Method<Request, unknown>, request: Request | undefined, added: object): Buffer {
  try {
    return method.encode(request, added);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ArchiveError("INVALID_ARGUMENT", "INVALID_FIELD", `The request cannot be encoded: ${text}`, { cause });
  }
}
