import { constants, type ServerHttp2Stream } from "node:http2";
import type { Metadata, ServerInterceptingCall, ServerUnaryCall } from "@grpc/grpc-js";

/** grpc-js's call behind all interceptors, as much of it as the edge needs. */
export interface InnermostCall extends ServerInterceptingCall {
  readonly handler: { readonly path: string };
  readonly metadata: Metadata;
  readonly stream: ServerHttp2Stream;
  /** Whether the request has come in, so that what becomes of the call is logged where it is handled. */
  isHandled: boolean;
}

/** What a handler's call is of. */
export const innermostCall = (call: object): InnermostCall => Reflect.get(call, "call") as InnermostCall;

/** Breaks off an answer that is not taken: the client sees RESOURCE_EXHAUSTED. grpc-js has no such thing. */
export function breakOffAnswer(call: ServerUnaryCall<unknown, unknown>): void {
  innermostCall(call).stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
}
