import type { EventEmitter } from "node:events";
import { constants } from "node:http2";
import type { TLSSocket } from "node:tls";
import {
  Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { type ClientCertificate, certificateOf } from "../access/certificate.js";
import type {
  BidiStreamingCall,
  CallEnd,
  ClientStreamingCall,
  IncomingCall,
  ServerStreamingCall,
  UnaryCall,
} from "../service/incoming-call.js";
import type { Encoded } from "../service/respond-within.js";
import type { CallStatus } from "../service/status.js";
import { grpcStatus } from "./grpc-status.js";
import { headerOf, innermostCall } from "./innermost-call.js";

type Surface =
  | ServerUnaryCall<Buffer, Buffer>
  | ServerReadableStream<Buffer, Buffer>
  | ServerWritableStream<Buffer, Buffer>
  | ServerDuplexStream<Buffer, Buffer>;

/** What all calls of grpc-js have. */
abstract class GrpcCall<Call extends Surface> implements IncomingCall {
  readonly rpcSystem = "grpc";

  constructor(protected readonly call: Call) {
    innermostCall(call).isHandled = true;
  }

  get path(): string {
    return this.call.getPath();
  }

  get peer(): string {
    return this.call.getPeer();
  }

  get end(): CallEnd | undefined {
    if (!this.call.cancelled) return undefined;
    return Number(this.call.getDeadline()) <= Date.now() ? "DEADLINE_EXCEEDED" : "CANCELLED";
  }

  header(name: string): string | undefined {
    return headerOf(this.call.metadata, name);
  }

  get connection() {
    return innermostCall(this.call).stream.session;
  }

  clientCertificate(): ClientCertificate | undefined {
    const session = this.connection;
    return session && certificateOf(session, session.socket as TLSSocket);
  }

  onceEnded(listener: () => void): void {
    (this.call as EventEmitter).once("cancelled", listener);
  }

  sendHeaders(requestId: string): void {
    const metadata = new Metadata();
    metadata.set("x-request-id", requestId);
    this.call.sendMetadata(metadata);
  }

  abstract fail(status: CallStatus): void;

  /** The client sees RESOURCE_EXHAUSTED. grpc-js has no such thing. */
  breakOff(): void {
    innermostCall(this.call).stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

/** The only message of a call. What it was put together of is not needed any more, and as large again. */
function onlyRequest(call: { readonly request: Buffer }): Buffer {
  innermostCall(call).decoder.readPartialMessage = [];
  return call.request;
}

/** A call that is answered by a callback. */
abstract class CallbackCall<Call extends Surface> extends GrpcCall<Call> {
  constructor(
    call: Call,
    private readonly callback: sendUnaryData<Buffer>,
  ) {
    super(call);
  }

  /** grpc-js asks no more of what it sends than that it can be copied. */
  answer(response: Encoded): void {
    this.callback(null, response as Buffer);
  }

  fail(status: CallStatus): void {
    this.callback(grpcStatus(status));
  }
}

export class GrpcUnaryCall extends CallbackCall<ServerUnaryCall<Buffer, Buffer>> implements UnaryCall {
  request(): Buffer {
    return onlyRequest(this.call);
  }
}

export class GrpcClientStreamingCall
  extends CallbackCall<ServerReadableStream<Buffer, Buffer>>
  implements ClientStreamingCall
{
  requests(): AsyncIterable<Buffer> {
    return this.call;
  }

  destroy(error: Error | undefined): void {
    this.call.destroy(error);
  }
}

/** A call that is answered by a stream. */
abstract class StreamCall<
  Call extends ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
> extends GrpcCall<Call> {
  write(bytes: Buffer, done: () => void): void {
    this.call.write(bytes, done);
  }

  finish(): void {
    this.call.end();
  }

  fail(status: CallStatus): void {
    this.call.emit("error", grpcStatus(status));
  }
}

export class GrpcServerStreamingCall
  extends StreamCall<ServerWritableStream<Buffer, Buffer>>
  implements ServerStreamingCall
{
  request(): Buffer {
    return onlyRequest(this.call);
  }
}

export class GrpcBidiStreamingCall extends StreamCall<ServerDuplexStream<Buffer, Buffer>> implements BidiStreamingCall {
  requests(): AsyncIterator<Buffer> {
    // A call that is destroyed, as iterating does at its end, could not send its status any more.
    return this.call.iterator({ destroyOnReturn: false });
  }
}
