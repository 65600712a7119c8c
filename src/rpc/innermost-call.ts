import { constants, type ServerHttp2Stream } from "node:http2";
import type { Metadata, ServerInterceptingCall, ServerUnaryCall } from "@grpc/grpc-js";

/** grpc-js's call behind all interceptors, as much of it as the edge needs. */
export interface InnermostCall extends ServerInterceptingCall {
  readonly handler: { readonly path: string };
  readonly metadata: Metadata;
  readonly stream: ServerHttp2Stream;
}

/** Breaks off an answer that is not taken: the client sees RESOURCE_EXHAUSTED. grpc-js has no such thing. */
export function breakOffAnswer(call: ServerUnaryCall<unknown, unknown>): void {
  const innermost = Reflect.get(call, "call") as InnermostCall;
  innermost.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
}
