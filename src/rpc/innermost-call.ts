import type { ServerHttp2Stream } from "node:http2";
import type { Metadata, ServerInterceptingCall } from "@grpc/grpc-js";

/** grpc-js's call behind all interceptors, as much of it as the edge needs. */
export interface InnermostCall extends ServerInterceptingCall {
  readonly handler: { readonly path: string };
  readonly metadata: Metadata;
  readonly stream: ServerHttp2Stream;
  /** What puts a message together; keeps its pieces until the next one begins. */
  readonly decoder: { readPartialMessage: Buffer[] };
  /** Whether the request has come in, so that what becomes of the call is logged where it is handled. */
  isHandled: boolean;
}

/** The first value of a header, where that is a text. */
export function headerOf(metadata: Metadata | undefined, name: string): string | undefined {
  const value = metadata?.get(name)[0];
  return typeof value === "string" ? value : undefined;
}

/** What a handler's call is of. */
export const innermostCall = (call: object): InnermostCall => Reflect.get(call, "call") as InnermostCall;
