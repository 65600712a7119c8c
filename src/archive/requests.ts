import type { Message } from "../records/message-shape.js";
import type { RecordMessage } from "./record-message.js";

type AnyKey = Readonly<Record<string, string>>;

/** The requests and responses that the twelve services share, but for the types of key and details. */
export interface CreateRequest<Key = AnyKey, Details = Message> {
  readonly key: Key | undefined;
  readonly details: Details | undefined;
  readonly validate_only?: boolean;
}

export interface GetRequest<Key = AnyKey> {
  readonly key: Key | undefined;
  readonly view: number;
  readonly relation_types: readonly number[];
}

export interface ListRequest<Filter = Readonly<Record<string, string | undefined>> & { readonly id_prefix: string }> {
  readonly filter: Filter | undefined;
  readonly view: number;
  readonly relation_types: readonly number[];
  readonly page_size: number;
  readonly page_token: string;
  readonly with_total: boolean;
}

export interface UpdateRequest<Key = AnyKey, Details = Message> {
  readonly key: Key | undefined;
  readonly details: Details | undefined;
  readonly update_mask: readonly string[] | undefined;
  readonly allow_missing: boolean;
  readonly etag: string;
}

export interface DeleteRequest<Key = AnyKey> {
  readonly key: Key | undefined;
  readonly etag: string;
  readonly allow_missing: boolean;
  readonly cascade: number;
  readonly validate_only?: boolean;
  readonly view?: number;
}

export interface RecordResponse {
  readonly record: RecordMessage | undefined;
}

export interface ListResponse {
  readonly records: RecordMessage[];
  readonly next_page_token: string;
  readonly total_size: number | undefined;
}

export interface DeleteResponse extends RecordResponse {
  readonly deleted: { readonly record_type: number; readonly count: number }[];
}
