import { type DescFile, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { status as codes, type Server } from "@grpc/grpc-js";
import {
  ServerReflectionDefinition,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "../../generated/ts/grpc/reflection/v1/reflection.js";
import { ServerReflectionDefinition as AlphaDefinition } from "../../generated/ts/grpc/reflection/v1alpha/reflection.js";
import { limits } from "../limits.js";
import { descriptors } from "../records/message-shape.js";
import { quoted } from "../records/quoted.js";
import { bidiStreaming } from "../service/bidi-streaming.js";
import type { CallEnvironment } from "../service/call-environment.js";
import { bytesService } from "./bytes-service.js";
import { bidiHandlerOf } from "./handler-of.js";

/** The services that a server has, which is not all that its descriptors know. */
const servedPackages = /^(synergos\.archive|grpc)\./;

type Answer = ServerReflectionResponse["message_response"];

/** Adds server reflection, v1 and v1alpha, which have the same messages. */
export function addReflection(server: Server, environment: CallEnvironment): void {
  for (const service of [ServerReflectionDefinition, AlphaDefinition]) {
    const { serverReflectionInfo } = service.methods;
    server.addService(bytesService(service), {
      serverReflectionInfo: bidiHandlerOf(
        bidiStreaming(serverReflectionInfo, reflect, environment, limits.reflectionRequests),
      ),
    });
  }
}

const reflect = (request: ServerReflectionRequest): ServerReflectionResponse => ({
  valid_host: request.host,
  original_request: request,
  message_response: answer(request.message_request),
});

function answer(request: ServerReflectionRequest["message_request"]): Answer {
  switch (request?.$case) {
    case "list_services": {
      const service = [...descriptors].filter(
        ({ kind, typeName }) => kind === "service" && servedPackages.test(typeName),
      );
      const names = service.map(({ typeName }) => ({ name: typeName }));
      return { $case: "list_services_response", value: { service: names } };
    }
    case "file_by_filename":
      return files(descriptors.getFile(request.value), request.value);
    case "file_containing_symbol":
      return files(fileOf(request.value), request.value);
    case "all_extension_numbers_of_type":
      return {
        $case: "all_extension_numbers_response",
        value: { base_type_name: request.value, extension_number: [] },
      };
    default:
      return failure(codes.NOT_FOUND, "There are no extensions.");
  }
}

/** The file that declares a message, enum or service, or whose service declares a method. */
const fileOf = (symbol: string): DescFile | undefined =>
  (descriptors.get(symbol) ?? descriptors.getService(symbol.slice(0, symbol.lastIndexOf("."))))?.file;

/** A file with all that it imports, which spares clients to ask for each. */
function files(file: DescFile | undefined, name: string): Answer {
  if (!file) return failure(codes.NOT_FOUND, `There is no ${quoted(name)}.`);
  const found = new Set<DescFile>();
  const add = (each: DescFile) => {
    if (!found.has(each)) for (const dependency of [...found.add(each), ...each.dependencies]) add(dependency);
  };
  add(file);
  const bytes = [...found].map(({ proto }) => Buffer.from(toBinary(FileDescriptorProtoSchema, proto)));
  return { $case: "file_descriptor_response", value: { file_descriptor_proto: bytes } };
}

const failure = (code: number, message: string): Answer => ({
  $case: "error_response",
  value: { error_code: code, error_message: message },
});
