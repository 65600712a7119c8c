import type { Given } from "./deep-partial.js";
import { type Codec, type Method, method } from "./method.js";
import { type RecordName, type RecordOf, recordServices } from "./record-services.js";

type Services = typeof recordServices;

/** A message of a record type's service, by a pattern that one name in its module matches. */
type Message<Name extends RecordName, Pattern extends string, Bound = object> =
  Services[Name][keyof Services[Name] & Pattern] extends Codec<infer Found extends Bound> ? Found : never;

/** The messages of a record type that differ from those of others: its record, the requests, what a delete answers. */
export interface RecordMessages {
  readonly record: object;
  readonly create: object;
  readonly get: object;
  readonly list: { readonly page_token: string };
  readonly update: { readonly allow_missing: boolean };
  readonly delete: object;
  readonly deleted: object;
}

/** The messages of a record type, as they were generated. */
export interface MessagesOf<Name extends RecordName> {
  readonly record: RecordOf<Name>;
  readonly create: Message<Name, `Create${string}Request`>;
  readonly get: Message<Name, `Get${string}Request`>;
  readonly list: Message<Name, `List${string}Request`, RecordMessages["list"]>;
  readonly update: Message<Name, `Update${string}Request`, RecordMessages["update"]>;
  readonly delete: Message<Name, `Delete${string}Request`>;
  readonly deleted: Message<Name, `Delete${string}Response`>;
}

/** A response that holds one record. */
interface Single<Record> {
  readonly record: Record | undefined;
}

/** A page of records. */
export interface Page<Record> {
  /** The records, in the order of keys. */
  readonly records: Record[];
  /** What asks for the next page; empty on the last. */
  readonly next_page_token: string;
  /** If asked for by `with_total`: the number of all records that match. */
  readonly total_size?: number | undefined;
}

/** The five methods of a record type. */
export interface RecordMethods<Types extends RecordMessages> {
  readonly Create: Method<Given<Types["create"]>, Single<Types["record"]>>;
  readonly Get: Method<Given<Types["get"]>, Single<Types["record"]>>;
  readonly List: Method<Given<Types["list"]>, Page<Types["record"]>>;
  readonly Update: Method<Given<Types["update"]>, Single<Types["record"]>>;
  readonly Delete: Method<Given<Types["delete"]>, Types["deleted"]>;
}

/** Finds the methods of a record type: "/synergos.archive.v1.RunService/CreateRun" is the run's Create. */
export function recordMethods<Name extends RecordName>(name: Name): RecordMethods<MessagesOf<Name>> {
  const service: Readonly<Record<string, unknown>> = recordServices[name];
  const methods: Record<string, Method<object, unknown>> = {};
  for (const verb of ["Create", "Get", "List", "Update", "Delete"]) {
    const request = codec(service, new RegExp(`^${verb}(\\w+)Request$`));
    const response = codec(service, new RegExp(`^${verb}(\\w+)Response$`));
    const path = request.$type.replace(new RegExp(`^(.+)\\.${verb}(.+)Request$`), `/$1.$2Service/${verb}$2`);
    methods[verb] = method({ path, writes: verb !== "Get" && verb !== "List" }, request, response);
  }
  // The compiler knows names by their patterns, but does not look them up: that all are there is what a test sees to.
  return methods as unknown as RecordMethods<MessagesOf<Name>>;
}

function codec(service: Readonly<Record<string, unknown>>, pattern: RegExp): Codec<unknown> {
  const found = Object.entries(service).find(([name]) => pattern.test(name))?.[1];
  if (!isCodec(found)) throw new Error(`no ${pattern} among ${Object.keys(service)}`);
  return found;
}

const isCodec = (value: unknown): value is Codec<unknown> =>
  typeof value === "object" && value !== null && "$type" in value && "fromPartial" in value;
