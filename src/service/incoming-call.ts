import type { ClientCertificate } from "../access/certificate.js";
import type { Encoded } from "./respond-within.js";
import type { CallStatus } from "./status.js";

/** How a call ends that is not answered. */
export type CallEnd = "DEADLINE_EXCEEDED" | "CANCELLED";

/** A call as an edge hands it over. What surrounds a handler knows no more of gRPC and HTTP than this. */
export interface IncomingCall {
  /** "/package.Service/Method" */
  readonly path: string;
  /** What traces call the way in which it is made. */
  readonly rpcSystem: "grpc" | "connectrpc";
  /** The address of who calls. */
  readonly peer: string;
  /** What lives as long as its connection, if that still does. */
  readonly connection: object | undefined;
  /** How it has ended, if it has. */
  readonly end: CallEnd | undefined;
  /** The first value of a header, by its name in lower case, where that is a text; of credentials all, where the edge has them. */
  header(name: string): string | undefined;
  /** The certificate that the client has shown, if any. */
  clientCertificate(): ClientCertificate | undefined;
  /** Has something done once it has ended, be it answered or not. */
  onceEnded(listener: () => void): void;
  /** Sends the headers of the answer. Clients do not try a call again that has had some. */
  sendHeaders(requestId: string): void;
  /** Ends it with an error. */
  fail(status: CallStatus): void;
  /** Ends it, whatever was answered: a client that has not read all of that sees RESOURCE_EXHAUSTED, or a closed connection. */
  breakOff(): void;
}

interface OneRequest {
  /** The request's bytes. What throws here is answered as any error is. */
  request(): Buffer | Promise<Buffer>;
}

interface Responses {
  /** Writes a message in another form than its bytes, where that is what the client takes; such messages may be smaller. */
  readonly transcode?: ((message: Encoded) => Promise<Buffer>) | undefined;
}

interface OneResponse extends Responses {
  /** Answers it, once. */
  answer(response: Encoded): void;
}

interface ManyResponses extends Responses {
  /** Sends a message; `done` is called once the client's side has taken it. */
  write(bytes: Buffer, done: () => void): void;
  /** Ends it well. */
  finish(): void;
}

export interface UnaryCall extends IncomingCall, OneRequest, OneResponse {}

export interface ServerStreamingCall extends IncomingCall, OneRequest, ManyResponses {}

export interface ClientStreamingCall extends IncomingCall, OneResponse {
  requests(): AsyncIterable<Buffer>;
  /** Makes `requests` throw an error. */
  destroy(error: Error | undefined): void;
}

export interface BidiStreamingCall extends IncomingCall, ManyResponses {
  requests(): AsyncIterator<Buffer>;
}
