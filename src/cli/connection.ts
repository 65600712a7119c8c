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
import { ChannelCredentials, Client, type ServiceError } from "@grpc/grpc-js";
import { isLoopback } from "../address.js";
import type { clientSettings } from "../options.js";
import { descriptors, packageName } from "../records/message-shape.js";
import type { Values } from "../settings.js";
import { checkPair } from "../tls-files.js";
import { callFailure, exitCodes, Failure, usageFailure } from "./failure.js";

export type Json = { [name: string]: JsonValue };

/** A message as proto JSON, under the fields' own names. */
export const messageJson = (message: Message): Json => {
  const descriptor = descriptors.getMessage(message.$typeName);
  if (!descriptor) throw new Error(`No message ${message.$typeName}`);
  return toJson(descriptor, message, { registry: descriptors, useProtoFieldName: true }) as Json;
};

/** A connection to a server. All it sends and gets is proto JSON to its users, checked by the descriptors. */
export class Connection {
  readonly #client: Client;
  readonly #address: string;
  readonly #timeout: number;

  constructor({ address, tls, tlsCa, tlsCert, tlsKey, timeout }: Values<typeof clientSettings>) {
    if (!tlsCert !== !tlsKey) throw usageFailure("--tls-cert and --tls-key must be given together");
    if (tlsCert && tlsKey) checkPair(tlsCert, tlsKey);
    const credentials =
      tls || tlsCa || tlsCert
        ? ChannelCredentials.createSsl(tlsCa?.bytes ?? null, tlsKey?.bytes ?? null, tlsCert?.bytes ?? null)
        : ChannelCredentials.createInsecure();
    this.#client = new Client(address, credentials, {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      // Where the environment names a proxy, as containers inherit it: it does not lead to this machine.
      ...(isLoopback(address) ? { "grpc.enable_http_proxy": 0 } : {}),
    });
    this.#address = address;
    this.#timeout = timeout;
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
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      this.#client.makeUnaryRequest(
        pathOf(method),
        asIs,
        asIs,
        Buffer.from(toBinary(method.input, message)),
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
    const call = this.#client.makeServerStreamRequest(pathOf(method), asIs, asIs, bytes);
    try {
      for await (const response of call) yield fromBinary(method.output, response as Buffer);
    } catch (error) {
      throw this.#failure(error as ServiceError);
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
    const call = this.#client.makeClientStreamRequest(pathOf(method), asIs, asIs, finish);
    for await (const request of requests) {
      if (!call.write(Buffer.from(request))) await Promise.race([once(call, "drain"), answered]);
    }
    call.end();
    return messageJson(fromBinary(method.output, await answered));
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
