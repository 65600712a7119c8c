import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { authorizationOf } from "../service/authorization-of.js";

/** grpc-js's own listener to Node's event of a stream, which passes over all but the headers. */
type StreamHandler = (
  interceptors: unknown,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: readonly string[],
) => void;

/** Has a server see all credentials of a call, so that none is passed over: before it listens. */
export function seeAllCredentials(server: Server): void {
  for (const name of ["_streamHandler", "_channelzHandler"]) {
    const handle = Reflect.get(server, name) as StreamHandler;
    Reflect.set(server, name, (...given: Parameters<StreamHandler>) => {
      const [, , headers, , rawHeaders] = given;
      if (headers.authorization !== undefined) headers.authorization = authorizationOf(rawHeaders);
      handle.apply(server, given);
    });
  }
}
