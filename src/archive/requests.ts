import type { RecordCount } from "../../generated/ts/synergos/archive/v1/record_type.js";
import type {
  CreateRunRequest,
  DeleteRunRequest,
  GetRunRequest,
  ListRunRequest,
  ListRunResponse,
  UpdateRunRequest,
} from "../../generated/ts/synergos/archive/v1/run_service.js";
import type { Ids } from "../records/ids.js";
import type { Message } from "../records/message-shape.js";
import type { RecordMessage } from "./record-message.js";

type AnyFilter = Readonly<Record<string, string | undefined>> & { readonly id_prefix: string };

/** A generated message with other types of key, details or filter: the twelve services differ in nothing else. */
type With<Generated, Fields> = Readonly<Omit<Generated, keyof Fields>> & {
  readonly [Name in keyof Fields]: Fields[Name] | undefined;
};

export type CreateRequest<Key = Ids, Details = Message> = With<CreateRunRequest, { key: Key; details: Details }>;
export type GetRequest<Key = Ids> = With<GetRunRequest, { key: Key }>;
export type ListRequest<Filter = AnyFilter> = With<ListRunRequest, { filter: Filter }>;
export type UpdateRequest<Key = Ids, Details = Message> = With<UpdateRunRequest, { key: Key; details: Details }>;
export type DeleteRequest<Key = Ids> = With<DeleteRunRequest, { key: Key }>;

/** What Create, Get and Update answer. */
export interface RecordResponse {
  readonly record: RecordMessage | undefined;
}

export type ListResponse<Records = RecordMessage[]> = Omit<ListRunResponse, "records"> & { readonly records: Records };

export interface DeleteResponse extends RecordResponse {
  readonly deleted: RecordCount[];
}
