import type {
  RecordTypeDescription,
  StreamDescendantsRequest,
  WhoAmIResponse,
  WriteResult,
} from "../../../generated/ts/synergos/archive/v1/archive_service.js";
import type { Change } from "../../../generated/ts/synergos/archive/v1/change.js";
import type { RecordCount } from "../../../generated/ts/synergos/archive/v1/record_type.js";
import type { CallOptions } from "./call-options.js";
import type { ChangePage, ChangesRequest, WatchEvent, WatchRequest } from "./changes.js";
import type { DeepPartial } from "./deep-partial.js";
import type { RecordClient } from "./record-client.js";
import type { MessagesOf } from "./record-methods.js";
import type { AnyRecord, RecordName } from "./record-services.js";
import type { AnyKey, Write } from "./write.js";

/** The records, by type. */
export type RecordClients = { readonly [Name in RecordName]: RecordClient<MessagesOf<Name>> };

/** What to count: a record and all of its descendants, or the whole archive where there is no key. */
export interface CountRequest {
  readonly key?: AnyKey | undefined;
}

/** What to stream: all descendants of a record, or of the whole archive where there is no key. */
export type StreamRequest = DeepPartial<Omit<StreamDescendantsRequest, "key">> & {
  readonly key?: AnyKey | undefined;
};

/** An archive, connected when it is first called, and again whenever it has to be. */
export interface Archive extends RecordClients {
  /** Every record under a key, parents before children, from one snapshot, however many there are. */
  streamDescendants(request?: StreamRequest, options?: CallOptions): AsyncGenerator<AnyRecord, void, undefined>;
  /** How many records there are of each type, that of the key included; parents before children, from one snapshot. */
  countDescendants(request?: CountRequest, options?: CallOptions): Promise<RecordCount[]>;
  /** Does up to 1,000 writes in their order, all or none. An error's metadata has the index as `operation`. */
  batchWrite(writes: Iterable<Write>, options?: CallOptions): Promise<WriteResult[]>;
  /** What each record type needs, and what is downstream of it. */
  describeHierarchy(options?: CallOptions): Promise<RecordTypeDescription[]>;
  /**
   * Changes as they are committed, in their order, none left out; with the records that there are first, if asked. It goes
   * on by itself after interruptions, for as long as they take, and lasts until it is left or cancelled.
   */
  watch(request?: WatchRequest, options?: CallOptions): AsyncGenerator<WatchEvent, void, undefined>;
  /** Who changed what, and when, the last change first; page after page, each a call of its own. */
  listChanges(request?: ChangesRequest, options?: CallOptions): AsyncGenerator<Change, void, undefined>;
  /** One page of changes: give its `next_page_token` as the next one's `page_token`. */
  listChangesPage(request?: ChangesRequest, options?: CallOptions): Promise<ChangePage>;
  /** Who asks, as the archive sees it, and what is granted; no name while everybody may do everything. */
  whoAmI(options?: CallOptions): Promise<WhoAmIResponse>;
  /** Closes the connection. Calls that run may end; streams end with CANCELLED. */
  close(): void;
}
