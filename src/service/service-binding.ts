import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { CreateRequest, DeleteRequest, GetRequest, ListRequest, UpdateRequest } from "../archive/requests.js";

/** How a generated message is written and read. */
export interface Codec<Message> {
  /** The full name of its message. */
  readonly $type: string;
  encode(message: Message, writer?: BinaryWriter): BinaryWriter;
  decode(input: BinaryReader | Uint8Array): Message;
}

/** A generated method. */
export interface MethodBinding<Request = unknown, Response = unknown> {
  readonly name: string;
  readonly requestType: Codec<Request>;
  readonly requestStream: boolean;
  readonly responseType: Codec<Response>;
  readonly responseStream: boolean;
}

/** A generated service. */
export interface ServiceBinding {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodBinding>>;
}

/** The requests of a record type's five methods, by the first part of their names. */
interface Requests<Key, Filter> {
  Create: CreateRequest<Key, object>;
  Get: GetRequest<Key>;
  List: ListRequest<Filter>;
  Update: UpdateRequest<Key, object>;
  Delete: DeleteRequest<Key>;
}

/** The request that a service's method takes; never where it has no such method. */
type RequestOf<Service, Name> = Service extends { readonly methods: infer Methods }
  ? Extract<Methods[keyof Methods], { readonly name: Name }> extends {
      readonly requestType: { decode(input: Uint8Array): infer Request };
    }
    ? Request
    : never
  : never;

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;

/** Whether a method's request is the one that it should be, with just the fields of the type's key. */
type Fits<Request, Expected, Key> = [Request] extends [never]
  ? false
  : Request extends Expected
    ? Request extends { readonly key: infer Actual }
      ? Same<keyof Exclude<Actual, undefined>, keyof Key>
      : true
    : false;

/** What no service is that lacks one of the five methods of a record type, or has one of another key. */
type Checked<Service, Name extends string, Key> = {
  [Verb in keyof Requests<Key, object>]: Fits<
    Service extends { readonly fullName: `synergos.archive.v1.${Name}Service` }
      ? RequestOf<Service, `${Verb}${Name}`>
      : never,
    Requests<Key, { [Field in keyof Key]?: Key[Field] | undefined }>[Verb],
    Key
  >;
}[keyof Requests<Key, object>] extends true
  ? unknown
  : never;

/** Binds generated services to record types: their methods and the fields of their keys must be those of the type. */
export const bindServices =
  <Keys extends object>() =>
  <Services extends { readonly [Name in keyof Keys]: ServiceBinding }>(
    services: Services & {
      readonly [Name in keyof Keys]: Checked<Services[Name], Name & string, Keys[Name]>;
    },
  ): { readonly [Name in keyof Keys]: ServiceBinding } =>
    services;
