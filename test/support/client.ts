import { ChannelCredentials, Client, type ClientOptions, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  ResourceInfo,
} from "../../generated/ts/google/rpc/error_details.js";
import { Status } from "../../generated/ts/google/rpc/status.js";
import {
  ArchiveServiceDefinition,
  type BatchWriteRequest,
  type BatchWriteResponse,
  type CountDescendantsResponse,
  type DescribeHierarchyResponse,
  type ImportRequest,
  type ImportResponse,
  type StreamDescendantsRequest,
  type StreamDescendantsResponse,
  type WhoAmIResponse,
} from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type {
  ListChangesRequest,
  ListChangesResponse,
  WatchRequest,
  WatchResponse,
} from "../../generated/ts/synergos/archive/v1/change.js";
import type { ArchiveKey } from "../../generated/ts/synergos/archive/v1/records.js";
import type { RecordMessage } from "../../src/archive/record-message.js";
import type {
  CreateRequest,
  DeleteRequest,
  DeleteResponse,
  GetRequest,
  ListRequest,
  ListResponse,
  UpdateRequest,
} from "../../src/archive/requests.js";
import { type RecordName, recordTypeOfNumber } from "../../src/records/record-type.js";
import { bindings } from "../../src/service/bindings.js";
import type { MethodBinding, ServiceBinding } from "../../src/service/service-binding.js";
import { searchForSecrets } from "./secrets.js";

/** A method as grpc-js calls it. */
interface Method {
  readonly path: string;
  requestSerialize(request: unknown): Buffer;
  responseDeserialize(bytes: Buffer): unknown;
}

const grpcMethod = (service: ServiceBinding, { name, requestType, responseType }: MethodBinding): Method => ({
  path: `/${service.fullName}/${name}`,
  requestSerialize: (request) => Buffer.from(requestType.encode(request).finish()),
  responseDeserialize: (bytes) => responseType.decode(bytes),
});

const archiveMethod = (name: keyof typeof ArchiveServiceDefinition.methods): Method =>
  grpcMethod(ArchiveServiceDefinition, ArchiveServiceDefinition.methods[name]);

export interface CallOptions {
  /** Milliseconds from now. */
  readonly deadline?: number;
  readonly signal?: AbortSignal;
  readonly metadata?: Record<string, string>;
}

/** A call's error with its details decoded. */
export class CallError extends Error {
  readonly code: string;
  readonly reason: string | undefined;
  readonly metadata: Record<string, string>;
  readonly fields: Record<string, string>;
  readonly preconditions: PreconditionFailure["violations"];
  readonly resource: ResourceInfo | undefined;
  readonly requestId: string;

  constructor(error: ServiceError) {
    super(error.details);
    searchForSecrets("an error", `${error.details} ${String(error.metadata.get("grpc-status-details-bin")[0] ?? "")}`);
    this.code = status[error.code] ?? String(error.code);
    const [bytes] = error.metadata.get("grpc-status-details-bin");
    const details = bytes ? Status.decode(bytes as Buffer).details : [];
    const decoded = <Message>(codec: { $type: string; decode(bytes: Uint8Array): Message }) => {
      const any = details.find(({ type_url }) => type_url.endsWith(`/${codec.$type}`));
      return any && codec.decode(any.value);
    };
    const info = decoded(ErrorInfo);
    this.reason = info?.domain === "archive.synergos" ? info.reason : undefined;
    this.metadata = info?.metadata ?? {};
    this.fields = Object.fromEntries(
      (decoded(BadRequest)?.field_violations ?? []).map(({ field, description }) => [field, description]),
    );
    this.preconditions = decoded(PreconditionFailure)?.violations ?? [];
    this.resource = decoded(ResourceInfo);
    this.requestId = "";
  }
}

/** A client of all types alike, over a real connection. */
export class ArchiveClient {
  readonly #client: Client;

  constructor(
    address: string,
    credentials = ChannelCredentials.createInsecure(),
    options: ClientOptions = {},
    /** What is sent with every call. */
    private readonly headers: Record<string, string> = {},
  ) {
    this.#client = new Client(address, credentials, {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
      ...options,
    });
  }

  create(
    name: RecordName,
    request: Pick<CreateRequest, "key" | "details"> & Partial<CreateRequest>,
    options?: CallOptions,
  ): Promise<RecordMessage> {
    return this.#record(name, "Create", { validate_only: false, ...request }, options);
  }

  get(name: RecordName, key: GetRequest["key"], request: Partial<GetRequest> = {}, options?: CallOptions) {
    return this.#record(name, "Get", { key, view: 0, relation_types: [], ...request }, options);
  }

  list(name: RecordName, request: Partial<ListRequest> = {}, options?: CallOptions): Promise<ListResponse> {
    const { filter = undefined, ...rest } = request;
    const defaults = { view: 0, relation_types: [], page_size: 0, page_token: "", with_total: false };
    const full = { ...defaults, ...rest, filter };
    return this.call(methodOf(name, "List"), full, options) as Promise<ListResponse>;
  }

  update(name: RecordName, request: Partial<UpdateRequest>, options?: CallOptions): Promise<RecordMessage> {
    const defaults = { update_mask: undefined, allow_missing: false, etag: "" };
    return this.#record(name, "Update", { ...defaults, ...request }, options);
  }

  delete(name: RecordName, key: DeleteRequest["key"], request: Partial<DeleteRequest> = {}, options?: CallOptions) {
    const defaults = { etag: "", allow_missing: false, cascade: 0, validate_only: false, view: 0 };
    return this.call(methodOf(name, "Delete"), { ...defaults, key, ...request }, options) as Promise<DeleteResponse>;
  }

  batchWrite(request: BatchWriteRequest, options?: CallOptions): Promise<BatchWriteResponse> {
    return this.call(archiveMethod("batchWrite"), request, options) as Promise<BatchWriteResponse>;
  }

  async counts(key?: ArchiveKey["key"]): Promise<Record<string, number>> {
    const request = { key: key && { key } };
    const { counts } = (await this.call(archiveMethod("countDescendants"), request)) as CountDescendantsResponse;
    return Object.fromEntries(counts.map(({ record_type, count }) => [recordTypeOfNumber(record_type)?.name, count]));
  }

  whoAmI(): Promise<WhoAmIResponse> {
    return this.call(archiveMethod("whoAmI"), {}) as Promise<WhoAmIResponse>;
  }

  describeHierarchy(options?: CallOptions): Promise<DescribeHierarchyResponse> {
    return this.call(archiveMethod("describeHierarchy"), {}, options) as Promise<DescribeHierarchyResponse>;
  }

  async *stream(request: Partial<StreamDescendantsRequest> = {}, options: CallOptions = {}) {
    const { path, requestSerialize, responseDeserialize } = archiveMethod("streamDescendants");
    const full = { key: undefined, relation_types: [], include_root: false, ...request };
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      full,
      this.#metadata(options),
      callOptions(options),
    );
    options.signal?.addEventListener("abort", () => call.cancel());
    try {
      for await (const response of call) yield response as StreamDescendantsResponse;
    } catch (error) {
      throw new CallError(error as ServiceError);
    } finally {
      call.cancel();
    }
  }

  /** Watches until its consumer stops, or the call ends. */
  async *watch(request: Partial<WatchRequest> = {}, options: CallOptions = {}): AsyncGenerator<WatchResponse> {
    const { path, requestSerialize, responseDeserialize } = archiveMethod("watch");
    const full = { key: undefined, record_types: [], start: undefined, ...request };
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      full,
      this.#metadata(options),
      callOptions(options),
    );
    options.signal?.addEventListener("abort", () => call.cancel());
    try {
      for await (const response of call) yield response as WatchResponse;
    } catch (error) {
      throw new CallError(error as ServiceError);
    } finally {
      call.cancel();
    }
  }

  listChanges(request: Partial<ListChangesRequest> = {}): Promise<ListChangesResponse> {
    const unset = { key: undefined, record_types: [], kinds: [], principal: undefined };
    const full = { ...unset, start_time: undefined, end_time: undefined, order: 0, page_size: 0, page_token: "" };
    return this.call(archiveMethod("listChanges"), { ...full, ...request }) as Promise<ListChangesResponse>;
  }

  /** Imports batches, each in a message of its own, which can be given as bytes. */
  import(
    batches: Iterable<ImportRequest["records"] | Buffer>,
    settings: Partial<ImportRequest["options"]> = {},
    limits: CallOptions = {},
  ) {
    const { path, requestSerialize, responseDeserialize } = archiveMethod("import");
    return new Promise<ImportResponse>((resolve, reject) => {
      const call = this.#client.makeClientStreamRequest(
        path,
        (request: unknown) => (Buffer.isBuffer(request) ? request : requestSerialize(request)),
        responseDeserialize,
        this.#metadata(limits),
        callOptions(limits),
        (error, response) => (error ? reject(new CallError(error)) : resolve(response as ImportResponse)),
      );
      let options: ImportRequest["options"] = { on_conflict: 0, validate_only: false, ...settings };
      for (const records of batches) {
        call.write(Buffer.isBuffer(records) ? records : { options, records });
        options = undefined;
      }
      call.end();
    });
  }

  /** Any method, with any request, or with any bytes instead of one. */
  call(method: unknown, request: unknown, options: CallOptions = {}): Promise<unknown> {
    const { path, requestSerialize, responseDeserialize } = method as Method;
    const serialize = (value: unknown) => (Buffer.isBuffer(value) ? value : requestSerialize(value));
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        serialize,
        responseDeserialize,
        request,
        this.#metadata(options),
        callOptions(options),
        (error, response) => (error ? reject(new CallError(error)) : resolve(response)),
      );
      options.signal?.addEventListener("abort", () => call.cancel());
    });
  }

  close(): void {
    this.#client.close();
  }

  #metadata(options: CallOptions): Metadata {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries({ ...this.headers, ...options.metadata })) metadata.set(name, value);
    return metadata;
  }

  async #record(name: RecordName, verb: string, request: unknown, options?: CallOptions): Promise<RecordMessage> {
    const response = await this.call(methodOf(name, verb), request, options);
    return (response as { record: RecordMessage }).record;
  }
}

/** A method of a record type's service: "Run", "Create". */
export function methodOf(name: RecordName, verb: string): unknown {
  const service = bindings[name];
  const method = Object.values(service.methods).find((each) => each.name === `${verb}${name}`);
  return method && grpcMethod(service, method);
}

const callOptions = ({ deadline }: CallOptions) => (deadline === undefined ? {} : { deadline: Date.now() + deadline });

/** The error that a call ends with. Fails if it ends well. */
export async function errorOf(call: Promise<unknown>): Promise<CallError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
  if (outcome instanceof CallError) return outcome;
  throw new Error(
    `expected an error of the call, not ${JSON.stringify(outcome, (_, value) => (typeof value === "bigint" ? String(value) : value))}`,
  );
}
