import type { CreateRequest, DeleteRequest, GetRequest, ListRequest, UpdateRequest } from "../archive/requests.js";

/** What the server needs of a generated method. */
export interface MethodBinding<Request = unknown> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  requestDeserialize(bytes: Buffer): Request;
  responseSerialize(response: unknown): Buffer;
}

/** The requests of a record type's five methods, by the first part of their names. */
interface Requests<Key, Filter> {
  Create: CreateRequest<Key, object>;
  Get: GetRequest<Key>;
  List: ListRequest<Filter>;
  Update: UpdateRequest<Key, object>;
  Delete: DeleteRequest<Key>;
}

/** The request that a service takes at a path; never where it has no such method. */
type RequestAt<Service, Path> =
  Extract<Service[keyof Service], { readonly path: Path }> extends {
    readonly requestDeserialize: (bytes: Buffer) => infer Request;
  }
    ? Request
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
    RequestAt<Service, `/synergos.archive.v1.${Name}Service/${Verb}${Name}`>,
    Requests<Key, { [Field in keyof Key]?: Key[Field] | undefined }>[Verb],
    Key
  >;
}[keyof Requests<Key, object>] extends true
  ? unknown
  : never;

/** Binds generated services to record types: their methods and the fields of their keys must be those of the type. */
export const bindServices =
  <Keys extends object>() =>
  <Services extends { readonly [Name in keyof Keys]: Readonly<Record<string, MethodBinding>> }>(
    services: Services & {
      readonly [Name in keyof Keys]: Checked<Services[Name], Name & string, Keys[Name]>;
    },
  ): { readonly [Name in keyof Keys]: Readonly<Record<string, MethodBinding>> } =>
    services;
