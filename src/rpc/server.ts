import { Server, type ServerCredentials, type ServerOptions, type UntypedServiceImplementation } from "@grpc/grpc-js";
import type {
  BatchWriteRequest,
  StreamDescendantsRequest,
} from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { ArchiveServiceService } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { batchWrite } from "../archive/batch-write.js";
import { describeHierarchy } from "../archive/describe-hierarchy.js";
import { streamDescendants } from "../archive/stream-descendants.js";
import { recordTypes } from "../records/record-type.js";
import type { Store } from "../storage/store.js";
import { bindings } from "./bindings.js";
import { bytesMethod, type CallEnvironment, type Handler, serverStreaming, unary } from "./calls.js";
import { recordHandlers } from "./record-handlers.js";
import { addReflection } from "./reflection.js";
import type { MethodBinding } from "./service-binding.js";

/** A server that offers all services of the archive over a store, and reflection. It does not listen yet. */
export function createServer(store: Store, environment: CallEnvironment, options: ServerOptions): Server {
  // The generated code assigns map entries by name: without the accessor, "__proto__" is a name like any other.
  Reflect.deleteProperty(Object.prototype, "__proto__");
  const server = new Server(options);
  for (const type of recordTypes) {
    const methods = bindings[type.name];
    const handlers: Readonly<Record<string, unknown>> = recordHandlers(store, type);
    const implementation: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(methods)) {
      // "/synergos.archive.v1.RunService/CreateRun" is the type's "create".
      const verb = method.path.slice(method.path.lastIndexOf("/") + 1, -type.name.length).toLowerCase();
      // That requests and handlers fit each other was checked where the services were bound.
      implementation[name] = unary(method, handlers[verb] as Handler<unknown>, environment);
    }
    server.addService(bytesMethods(methods), implementation);
  }
  const { streamDescendants: stream, batchWrite: batch, describeHierarchy: describe } = ArchiveServiceService;
  server.addService(bytesMethods({ streamDescendants: stream, batchWrite: batch, describeHierarchy: describe }), {
    streamDescendants: serverStreaming<StreamDescendantsRequest>(
      stream,
      (request, context) => streamDescendants(store, request, context),
      environment,
    ),
    batchWrite: unary<BatchWriteRequest>(batch, (request, context) => batchWrite(store, request, context), environment),
    describeHierarchy: unary(describe, async () => describeHierarchy(), environment),
  });
  addReflection(server);
  return server;
}

const bytesMethods = (methods: Readonly<Record<string, MethodBinding>>) =>
  Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, bytesMethod(method)]));

/** Starts to listen; returns the port. */
export const listen = (server: Server, address: string, credentials: ServerCredentials): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });

/** Stops to take calls, lets those that run end within a time in milliseconds, then ends them. */
export const drain = (server: Server, grace: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, grace);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
