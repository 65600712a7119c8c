import type { Server, ServerCredentials, ServerOptions } from "@grpc/grpc-js";
import { takeCallsInTurn } from "../calls-in-turn.js";
import { takeConnectionsInTurn } from "../connections-in-turn.js";
import type { CallEnvironment } from "../service/call-environment.js";
import type { ArchiveService } from "../service/services.js";
import { ArchiveServer } from "./archive-server.js";
import { bytesService } from "./bytes-service.js";
import { handlerOf } from "./handler-of.js";
import { addReflection } from "./reflection.js";
import { seeAllCredentials } from "./see-all-credentials.js";
import { transportErrors } from "./transport-errors.js";
import { answerUnknownMethods } from "./unknown-methods.js";

/** A gRPC server that offers services of the archive, and reflection. It does not listen yet. */
export function createServer(
  services: readonly ArchiveService[],
  environment: CallEnvironment,
  options: ServerOptions,
): ArchiveServer {
  const server = new ArchiveServer({ ...options, interceptors: [transportErrors(environment)] });
  for (const { binding, answerers } of services) {
    const handlers = Object.entries(answerers).map(([field, answerer]) => [field, handlerOf(answerer)] as const);
    server.addService(bytesService(binding), Object.fromEntries(handlers));
  }
  addReflection(server, environment);
  answerUnknownMethods(server);
  if (environment.access) seeAllCredentials(server);
  return server;
}

/** Starts to listen; returns the port. Throws if the address is taken, or is none of this machine's. */
export const listen = (
  server: Server,
  address: string,
  credentials: ServerCredentials,
  environment: CallEnvironment,
): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error) {
        reject(new Error(`cannot listen on ${address}: ${error.message}`, { cause: error }));
        return;
      }
      // Those of several addresses, where a name has them.
      const servers: unknown = Reflect.get(server, "http2Servers");
      if (!(servers instanceof Map)) {
        reject(new Error("grpc-js keeps its servers elsewhere"));
        return;
      }
      for (const each of servers.keys()) {
        takeConnectionsInTurn(each);
        takeCallsInTurn(each, environment);
      }
      resolve(port);
    });
  });
