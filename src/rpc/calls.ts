import { randomUUID } from "node:crypto";
import { type EventEmitter, once } from "node:events";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import {
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import type { Logger } from "winston";
import { ArchiveError, asArchiveError, refuse, tooLarge } from "../archive/archive-error.js";
import { CallContext } from "../storage/store.js";
import type { MethodBinding, ServiceBinding } from "./service-binding.js";
import { toStatus } from "./status.js";

/** What all calls are answered with. */
export interface CallEnvironment {
  readonly logger: Logger;
  /** The most bytes of an answer. */
  readonly maxSendSize: number;
}

/** How long a client may leave a stream unread, or unwritten, in milliseconds. */
const maxStall = 5 * 60_000;

/** Makes a response ready to be sent. Throws if it is too large: within a transaction, that undoes it. */
export type Respond = (response: unknown) => Buffer;

/** Answers a request, or throws an error. It may make its answer ready by itself. */
export type Handler<Request> = (request: Request, context: CallContext, respond: Respond) => Promise<unknown>;

/** Answers a request bit by bit. */
export type StreamingHandler<Request> = (request: Request, context: CallContext) => AsyncGenerator<unknown>;

/** Answers many requests at once. */
export type GatheringHandler<Request> = (requests: AsyncIterable<Request>, context: CallContext) => Promise<unknown>;

/** A request as it came in, decoded only once its errors can be answered and logged. */
type Call =
  | ServerUnaryCall<Buffer, Buffer>
  | ServerWritableStream<Buffer, Buffer>
  | ServerReadableStream<Buffer, Buffer>;

/** The definition of a service whose requests and responses are bytes to grpc-js: they are coded in the handlers. */
export const bytesService = ({ fullName, methods }: ServiceBinding): ServiceDefinition =>
  Object.fromEntries(
    Object.entries(methods).map(([field, { name, requestStream, responseStream }]) => [
      field,
      {
        path: `/${fullName}/${name}`,
        requestStream,
        responseStream,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    ]),
  );

const asIs = (bytes: Buffer) => bytes;

/** Makes a handler one of grpc-js. */
export function unary<Request>(
  method: MethodBinding<Request>,
  handler: Handler<Request>,
  environment: CallEnvironment,
): handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    void answered(method, call, environment, async (request, context) => {
      const respond: Respond = (response) => serialized(method, response, environment);
      const answer = await handler(request, context, respond);
      return Buffer.isBuffer(answer) ? answer : respond(answer);
    }).then(({ response, status }) => callback(status ?? null, response));
  };
}

/** Makes a handler of many requests one of grpc-js. Requests are read only as fast as it takes them. */
export function clientStreaming<Request>(
  method: MethodBinding<Request>,
  handler: GatheringHandler<Request>,
  environment: CallEnvironment,
): handleClientStreamingCall<Buffer, Buffer> {
  return (call, callback) => {
    void answered(method, call, environment, async (_, context) =>
      serialized(method, await handler(requestsOf(method, call, context), context), environment),
    ).then(({ response, status }) => callback(status ?? null, response));
  };
}

/** The requests of a stream, as they come. */
async function* requestsOf<Request>(
  method: MethodBinding<Request>,
  call: ServerReadableStream<Buffer, Buffer>,
  context: CallContext,
): AsyncGenerator<Request> {
  const destroy = () => call.destroy(context.error);
  context.onEnd(destroy);
  const stalled = setTimeout(() => call.destroy(stall("written")), maxStall);
  try {
    for await (const bytes of call) {
      stalled.refresh();
      yield decode(method, bytes);
      stalled.refresh();
    }
  } finally {
    clearTimeout(stalled);
    context.offEnd(destroy);
  }
}

function serialized(method: MethodBinding, response: unknown, { maxSendSize }: CallEnvironment): Buffer {
  const bytes = encode(method, response);
  if (bytes.length > maxSendSize) throw tooLarge(maxSendSize);
  return bytes;
}

/** Messages are written one at a time, so one writer serves all: a new one would grow, and copy, with each. */
let writer = new BinaryWriter();
const largestKept = 2 ** 20;

function encode({ responseType }: MethodBinding, response: unknown): Buffer {
  try {
    const { buffer, byteOffset, byteLength } = responseType.encode(response, writer).finish();
    if (byteLength > largestKept) writer = new BinaryWriter();
    return Buffer.from(buffer, byteOffset, byteLength);
  } catch (error) {
    // What it holds is half a message.
    writer = new BinaryWriter();
    throw error;
  }
}

/** Makes a streaming handler one of grpc-js. It goes on only as fast as the client reads. */
export function serverStreaming<Request>(
  method: MethodBinding<Request>,
  handler: StreamingHandler<Request>,
  environment: CallEnvironment,
): handleServerStreamingCall<Buffer, Buffer> {
  return (call) => {
    void answered(method, call, environment, async (request, context, begin) => {
      for await (const response of handler(request, context)) {
        begin();
        if (!call.write(encode(method, response))) await drained(call, context);
        context.throwIfEnded();
      }
    }).then(({ status }) => {
      if (status) call.emit("error", status);
      else call.end();
    });
  };
}

/** Waits until a client has read what was sent; one that does not read holds a snapshot and a connection in vain. */
async function drained(call: ServerWritableStream<Buffer, Buffer>, { signal }: CallContext): Promise<void> {
  const stalled = AbortSignal.timeout(maxStall);
  await once(call, "drain", { signal: AbortSignal.any([signal, stalled]) }).catch((error: unknown) => {
    if (!stalled.aborted) throw error;
    throw stall("read");
  });
}

const stall = (done: string) =>
  new ArchiveError("RESOURCE_EXHAUSTED", "STREAM_STALLED", `Nothing was ${done} for ${maxStall / 60_000} minutes.`);

/** Everything around a handler: request id, decoding, the call's end, errors to statuses, the log. */
async function answered<Request, Response>(
  method: MethodBinding<Request>,
  call: Call,
  { logger, maxSendSize }: CallEnvironment,
  /** The request is none where the call is a stream of them. */
  handle: (request: Request, context: CallContext, begin: () => void) => Promise<Response>,
) {
  const began = performance.now();
  const requestId = requestIdOf(call);
  let [begun, done] = [false, false];
  /** Sends the headers, but only before an answer: clients do not try a call again that has had some. */
  const begin = () => {
    if (begun) return;
    begun = true;
    const metadata = new Metadata();
    metadata.set("x-request-id", requestId);
    call.sendMetadata(metadata);
  };
  let request: Request | undefined;
  let error: ArchiveError | undefined;
  let response: Response | undefined;
  try {
    if ("request" in call) request = decode(method, call.request);
    response = await handle(
      request as Request,
      contextOf(call, () => done),
      begin,
    );
    begin();
  } catch (thrown) {
    error = asArchiveError(call.cancelled ? endOf(call) : thrown, maxSendSize);
  }
  done = true;
  const level = error?.code === "INTERNAL" ? "error" : error?.code === "UNAVAILABLE" ? "warn" : "info";
  if (logger.isLevelEnabled(level)) {
    const path = call.getPath();
    logger.log(level, {
      message: path.slice(path.lastIndexOf(".") + 1),
      key: keyOf(request),
      code: error?.code ?? "OK",
      ...(error ? { reason: error.reason } : {}),
      ms: Math.round((performance.now() - began) * 10) / 10,
      peer: call.getPeer(),
      request_id: requestId,
      ...(error?.cause ? { error: causes(error.cause) } : {}),
    });
  }
  return { response, status: error && toStatus(error, requestId) };
}

/** The caller's request id if it is one, else a new one. */
function requestIdOf(call: Call): string {
  const given = call.metadata.get("x-request-id")[0];
  return typeof given === "string" && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
}

/** Ends when the client cancels or its deadline passes, with the error that says which. */
function contextOf(call: Call, isAnswered: () => boolean): CallContext {
  const context = new CallContext();
  // grpc-js also says so of every call that has had its answer.
  (call as EventEmitter).once("cancelled", () => {
    if (!isAnswered()) context.end(endOf(call));
  });
  return context;
}

function endOf(call: Call): ArchiveError {
  return Number(call.getDeadline()) <= Date.now()
    ? new ArchiveError("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "The call's deadline passed.")
    : new ArchiveError("CANCELLED", "CANCELLED", "The call was cancelled.");
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes a request. The reader refuses text that is not UTF-8, which would otherwise be stored as something else, and
 * goes deeper than the generated code's limit, so that validation can name what nests too deep.
 */
function decode<Request>(method: MethodBinding<Request>, bytes: Buffer): Request {
  const reader = Object.assign(new BinaryReader(bytes, (text) => utf8.decode(text)), { __tsProtoDecodeDepth: -200 });
  try {
    return method.requestType.decode(reader);
  } catch (error) {
    const description =
      error instanceof TypeError ? "holds text that is not valid UTF-8" : "is not a valid message of its type";
    refuse([{ field: "request", description }]);
    throw error;
  }
}

/** The ids of a request's key or filter, for the log. */
function keyOf(request: unknown): unknown {
  const { key, filter } = (request ?? {}) as { key?: { key?: { value: unknown } }; filter?: unknown };
  return key?.key && typeof key.key === "object" ? key.key.value : (key ?? filter);
}

/** What an error and its causes say, with the innermost one's stack. */
function causes(error: unknown): string {
  const { message, stack, cause } = error as Error;
  return cause ? `${message}: ${causes(cause)}` : (stack ?? String(error));
}
