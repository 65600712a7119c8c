import { once } from "node:events";
import {
  create,
  type DescMethod,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import type { Client, Metadata, ServiceError } from "@grpc/grpc-js";
import { descriptors, packageName } from "../records/message-shape.js";
import { callFailure } from "./call-failure.js";
import { type ChannelSettings, callMetadata, openChannel } from "./channel.js";
import { exitCodes, Failure } from "./failure.js";

export type Json = { [name: string]: JsonValue };

/** A message as proto JSON, under the fields' own names. */
export const messageJson = (message: Message): Json => {
  const descriptor = descriptors.getMessage(message.$typeName);
  if (!descriptor) throw new Error(`No message ${message.$typeName}`);
  return toJson(descriptor, message, { registry: descriptors, useProtoFieldName: true }) as Json;
};

/** How a server is reached; and how long it may be silent, in ms. */
export interface ConnectionSettings extends ChannelSettings {
  readonly timeout?: number | undefined;
}

/** What may pass, in ms, where the user does not say: a stream may wait for the database in between. */
const presetTimeout = 3000;
const presetSilence = 60_000;

/** A connection to a server. All it sends and gets is proto JSON to its users, checked by the descriptors. */
export class Connection {
  readonly #client: Client;
  /** What goes with a call. */
  readonly #metadata: () => Metadata;
  readonly #address: string;
  /** How long a connection, or the answer to a single call, may take. */
  readonly #timeout: number;
  /** How long the server may be silent in the midst of a stream. */
  readonly #silence: number;

  constructor({ timeout, ...settings }: ConnectionSettings) {
    this.#client = openChannel(settings);
    this.#metadata = () => callMetadata(settings);
    this.#address = settings.address;
    this.#timeout = timeout ?? presetTimeout;
    this.#silence = timeout ?? presetSilence;
  }

  /** Calls a method, such as "RunService", "GetRun". Fields that proto JSON cannot hold are given as `more`. */
  async call(
    service: string,
    name: string,
    request: Json,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<Json> {
    const method = methodOf(service, name);
    const message = Object.assign(asMessage(method, request), more);
    const metadata = this.#metadata();
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      this.#client.makeUnaryRequest(
        pathOf(method),
        asIs,
        asIs,
        Buffer.from(toBinary(method.input, message)),
        metadata,
        { deadline: Date.now() + this.#timeout },
        (error, response) => (error ? reject(this.#failure(error)) : resolve(response as Buffer)),
      );
    });
    return messageJson(fromBinary(method.output, bytes));
  }

  /** The responses of a streaming method, as they come. */
  async *stream(service: string, name: string, request: Json): AsyncGenerator<Message> {
    await this.#ready();
    const method = methodOf(service, name);
    const bytes = Buffer.from(toBinary(method.input, asMessage(method, request)));
    const call = this.#client.makeServerStreamRequest(pathOf(method), asIs, asIs, bytes, this.#metadata());
    const responses = call[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.#unlessSilent(responses.next());
        if (done) return;
        yield fromBinary(method.output, value as Buffer);
      }
    } catch (error) {
      throw error instanceof Failure ? error : this.#failure(error as ServiceError);
    } finally {
      call.cancel();
    }
  }

  /** Sends requests, encoded already, as fast as the server takes them, and returns what it answers to all. */
  async upload(service: string, name: string, requests: AsyncIterable<Uint8Array>): Promise<Json> {
    await this.#ready();
    const method = methodOf(service, name);
    let finish: (error: ServiceError | null, response?: Buffer) => void = () => undefined;
    const answered = new Promise<Buffer>((resolve, reject) => {
      finish = (error, response) => (error ? reject(this.#failure(error)) : resolve(response as Buffer));
    });
    answered.catch(() => undefined);
    const call = this.#client.makeClientStreamRequest(pathOf(method), asIs, asIs, this.#metadata(), finish);
    try {
      for await (const request of requests) {
        if (call.write(Buffer.from(request))) continue;
        const drained = new AbortController();
        const drain = once(call, "drain", { signal: drained.signal }).catch(() => undefined);
        await this.#unlessSilent(Promise.race([drain, answered])).finally(() => drained.abort());
      }
      call.end();
      return messageJson(fromBinary(method.output, await this.#unlessSilent(answered)));
    } finally {
      call.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }

  /** Waits for a connection, as calls without a deadline would do for ever. */
  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.waitForReady(Date.now() + this.#timeout, (error) => {
        const message = `${this.#address} cannot be reached within ${this.#timeout} ms`;
        if (error) reject(new Failure(exitCodes.UNAVAILABLE, "UNAVAILABLE", message, error));
        else resolve();
      });
    });
  }

  /** What the server is waited for, which fails where it says nothing for too long. */
  async #unlessSilent<Result>(work: Promise<Result>): Promise<Result> {
    const silence = this.#silence;
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<never>((_, reject) => {
      const message = `${this.#address} was silent for ${silence} ms; --timeout says how long it may be`;
      const end = () => reject(new Failure(exitCodes.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", message));
      timer = setTimeout(end, silence);
    });
    try {
      return await Promise.race([work, silent]);
    } finally {
      clearTimeout(timer);
    }
  }

  #failure = (error: ServiceError) => callFailure(error, this.#address);
}

const asIs = (bytes: Buffer) => bytes;

function methodOf(service: string, name: string): DescMethod {
  const full = service.includes(".") ? service : `${packageName}.${service}`;
  const method = descriptors.getService(full)?.methods.find((each) => each.name === name);
  if (!method) throw new Error(`No method ${full}.${name}`);
  return method;
}

const pathOf = (method: DescMethod) => `/${method.parent.typeName}/${method.name}`;

const asMessage = (method: DescMethod, request: Json) => messageOf(method.input.typeName, request);

/** Proto JSON as a message; what does not fit is the user's fault. */
export function messageOf(typeName: string, json: JsonValue): Message {
  const descriptor = descriptors.getMessage(typeName);
  if (!descriptor) throw new Error(`No message ${typeName}`);
  try {
    return fromJson(descriptor, json, { registry: descriptors });
  } catch (error) {
    const message = (error as Error).message.replaceAll(`${packageName}.`, "");
    throw new Failure(exitCodes.INVALID_ARGUMENT, "INVALID_FIELD", message, error);
  }
}

/** A new message of a type. */
export const newMessage = (typeName: string, fields: Record<string, unknown>): Message => {
  const descriptor = descriptors.getMessage(typeName);
  if (!descriptor) throw new Error(`No message ${typeName}`);
  return Object.assign(create(descriptor), fields);
};
