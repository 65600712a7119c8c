import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { status as codes, Metadata, type ServiceError } from "@grpc/grpc-js";
import { Status } from "../../generated/ts/google/rpc/status.js";
import { descriptors } from "../../src/records/message-shape.js";
import { ArchiveClient, CallError, type CallOptions } from "./client.js";

interface Method {
  readonly path: string;
  requestSerialize(request: unknown): Buffer;
  responseDeserialize(bytes: Buffer): unknown;
}

interface ConnectError {
  readonly code: string;
  readonly message: string;
  readonly details: readonly { readonly type: string; readonly value: string }[];
}

/** The client of the tests, whose calls with one request and one answer go over Connect, in JSON or in bytes. */
export class HttpArchiveClient extends ArchiveClient {
  constructor(
    address: string,
    private readonly url: string,
    private readonly codec: "json" | "proto",
  ) {
    super(address);
  }

  override async call(method: unknown, request: unknown, options: CallOptions = {}): Promise<unknown> {
    const { path, requestSerialize, responseDeserialize } = method as Method;
    const bytes = Buffer.isBuffer(request) ? request : requestSerialize(request);
    const response = await fetch(`${this.url}${path}`, {
      method: "POST",
      body: this.codec === "json" ? JSON.stringify(inJson(path, "input", bytes)) : Uint8Array.from(bytes),
      headers: {
        "content-type": `application/${this.codec}`,
        ...(options.deadline === undefined ? {} : { "connect-timeout-ms": String(options.deadline) }),
        ...options.metadata,
      },
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const body = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw failure(JSON.parse(body.toString()));
    return responseDeserialize(this.codec === "json" ? inBytes(path, "output", JSON.parse(body.toString())) : body);
  }
}

function schemaOf(path: string, side: "input" | "output") {
  const [, service = "", name] = path.split("/");
  const method = descriptors.getService(service)?.methods.find((each) => each.name === name);
  if (!method) throw new Error(`no method ${path}`);
  return method[side];
}

const inJson = (path: string, side: "input" | "output", bytes: Buffer): JsonValue => {
  const schema = schemaOf(path, side);
  const message = fromBinary(schema, bytes);
  // A mask of any paths, which the JSON of masks cannot hold.
  const mask: unknown = Reflect.get(message, "updateMask");
  Reflect.deleteProperty(message, "updateMask");
  const json = toJson(schema, message);
  return mask && typeof mask === "object" && "paths" in mask && typeof json === "object"
    ? { ...json, updateMask: { paths: mask.paths as string[] } }
    : json;
};

const inBytes = (path: string, side: "input" | "output", json: JsonValue): Buffer => {
  const schema = schemaOf(path, side);
  return Buffer.from(toBinary(schema, fromJson(schema, json)));
};

/** Connect's error as gRPC's, so that the same tests hold for both. */
function failure({ code, message, details }: ConnectError): CallError {
  const name = code === "canceled" ? "CANCELLED" : code.toUpperCase();
  const number = codes[name as keyof typeof codes];
  const any = details.map(({ type, value }) => ({
    type_url: `type.googleapis.com/${type}`,
    value: Buffer.from(value, "base64"),
  }));
  const metadata = new Metadata();
  metadata.set(
    "grpc-status-details-bin",
    Buffer.from(Status.encode(Status.fromPartial({ code: number, message, details: any })).finish()),
  );
  const error: ServiceError = Object.assign(new Error(message), { code: number, details: message, metadata });
  return new CallError(error);
}
