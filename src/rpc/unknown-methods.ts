import { status as codes, type Server, type StatusObject } from "@grpc/grpc-js";
import { quoted } from "../records/quoted.js";

/** Answers calls of services and methods that there are none of, which grpc-js would do before any interceptor. */
export function answerUnknownMethods(server: Server): void {
  const path = "/unknown/Method";
  const asIs = (bytes: Buffer) => bytes;
  server.register(path, () => undefined, asIs, asIs, "bidi");
  const handlers: unknown = Reflect.get(server, "handlers");
  if (!(handlers instanceof Map)) throw new Error("grpc-js keeps its handlers elsewhere");
  const fallback: unknown = handlers.get(path);
  handlers.delete(path);
  const known = handlers.get.bind(handlers);
  handlers.get = (asked: string) =>
    known(asked) ?? Object.assign({}, fallback, { path: asked, func: unknownMethod(asked) });
}

interface Failing {
  emit(event: "error", status: Partial<StatusObject>): boolean;
}

const unknownMethod = (path: string) => (call: Failing) => {
  const details = `There is no method ${quoted(path)}: server reflection lists those that there are.`;
  call.emit("error", { code: codes.UNIMPLEMENTED, details });
};
