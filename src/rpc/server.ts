import type { Server, ServerCredentials, ServerOptions, UntypedServiceImplementation } from "@grpc/grpc-js";
import type {
  BatchWriteRequest,
  CountDescendantsRequest,
  ImportRequest,
  StreamDescendantsRequest,
} from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { ArchiveServiceDefinition } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { batchWrite } from "../archive/batch-write.js";
import { countDescendants } from "../archive/count-descendants.js";
import { describeHierarchy } from "../archive/describe-hierarchy.js";
import { importRecords } from "../archive/import.js";
import { streamDescendants } from "../archive/stream-descendants.js";
import { limits } from "../limits.js";
import { recordTypes } from "../records/record-type.js";
import type { Store } from "../storage/store.js";
import { ArchiveServer } from "./archive-server.js";
import { bindings } from "./bindings.js";
import { bytesService } from "./bytes-service.js";
import type { CallEnvironment } from "./call-environment.js";
import { clientStreaming } from "./client-streaming.js";
import type { Handler } from "./handler.js";
import { recordHandlers } from "./record-handlers.js";
import { addReflection } from "./reflection.js";
import { serverStreaming } from "./server-streaming.js";
import { StreamSlots } from "./stream-slots.js";
import { codeStructsDirectly } from "./struct-codec.js";
import { transportErrors } from "./transport-errors.js";
import { unary } from "./unary.js";
import { answerUnknownMethods } from "./unknown-methods.js";

/** A server that offers all services of the archive over a store, and reflection. It does not listen yet. */
export function createServer(store: Store, environment: CallEnvironment, options: ServerOptions): ArchiveServer {
  // The generated code assigns map entries by name: without the accessor, "__proto__" is a name like any other.
  Reflect.deleteProperty(Object.prototype, "__proto__");
  codeStructsDirectly();
  const server = new ArchiveServer({ ...options, interceptors: [transportErrors(environment.logger)] });
  for (const type of recordTypes) {
    const service = bindings[type.name];
    const handlers: Readonly<Record<string, unknown>> = recordHandlers(store, type);
    const implementation: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(service.methods)) {
      // "CreateRun" is the type's "create".
      const verb = method.name.slice(0, -type.name.length).toLowerCase();
      // That requests and handlers fit each other was checked where the services were bound.
      implementation[name] = unary(method, handlers[verb] as Handler<unknown>, environment);
    }
    server.addService(bytesService(service), implementation);
  }
  const { methods } = ArchiveServiceDefinition;
  server.addService(bytesService(ArchiveServiceDefinition), {
    streamDescendants: serverStreaming<StreamDescendantsRequest>(
      methods.streamDescendants,
      (request, context) => streamDescendants(store, request, context),
      environment,
      new StreamSlots(store.maxSnapshots),
    ),
    countDescendants: unary<CountDescendantsRequest>(
      methods.countDescendants,
      (request, context) => countDescendants(store.statements(context), request),
      environment,
    ),
    batchWrite: unary<BatchWriteRequest>(
      methods.batchWrite,
      (request, context, respond) => batchWrite(store, request, context, respond),
      environment,
    ),
    import: clientStreaming<ImportRequest>(
      methods.import,
      (requests, context, respond) => importRecords(store, requests, context, respond),
      environment,
      // A dry run keeps its transaction open, which keeps all others from writing to SQLite.
      ({ options }) =>
        options?.validate_only ? { atATime: limits.stallOfDryRun, inAll: limits.silenceOfDryRun } : undefined,
    ),
    describeHierarchy: unary(methods.describeHierarchy, async () => describeHierarchy(), environment),
  });
  addReflection(server, environment);
  answerUnknownMethods(server);
  return server;
}

/** Starts to listen; returns the port. Throws if the address is taken, or is none of this machine's. */
export const listen = (server: Server, address: string, credentials: ServerCredentials): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error) reject(new Error(`cannot listen on ${address}: ${error.message}`, { cause: error }));
      else resolve(port);
    });
  });
