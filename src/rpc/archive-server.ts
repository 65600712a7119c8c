import {
  Server,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";

type EndlessCall = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;
type EndlessHandler = (call: EndlessCall) => void;

/** The methods whose calls last as long as their clients want. */
const endless = /^\/grpc\.(health\.v1\.Health\/Watch|reflection\.v1(alpha)?\.ServerReflection\/ServerReflectionInfo)$/;

/** A server that does not wait at its end for calls that would not end by themselves. */
export class ArchiveServer extends Server {
  readonly #open = new Set<EndlessCall>();
  #finishing = false;

  override addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    const handlers: UntypedServiceImplementation = { ...implementation };
    for (const [name, { path, originalName = name }] of Object.entries(service)) {
      const handler = implementation[name] ?? implementation[originalName];
      if (handler && endless.test(path)) handlers[name] = this.#followed(handler as EndlessHandler);
    }
    super.addService(service, handlers);
  }

  /** Stops to take calls, lets those that run end within a time in milliseconds, then ends them. */
  finish(grace: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.forceShutdown();
        resolve();
      }, grace);
      this.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#finishing = true;
      for (const call of this.#open) end(call);
    });
  }

  #followed(handler: EndlessHandler): EndlessHandler {
    return (call) => {
      this.#open.add(call);
      call.once("close", () => this.#open.delete(call));
      handler(call);
      if (this.#finishing) end(call);
    };
  }
}

/** Ends a call after what was written to it. */
const end = (call: EndlessCall) => {
  call.emit("error", { code: status.UNAVAILABLE, details: "The server stops." });
};
