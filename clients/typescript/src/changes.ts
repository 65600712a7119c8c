import type {
  Change,
  ListChangesRequest,
  ListChangesResponse,
  WatchRequest as WatchMessage,
} from "../../../generated/ts/synergos/archive/v1/change.js";
import type { ArchiveError } from "./archive-error.js";
import type { DeepPartial } from "./deep-partial.js";
import type { AnyRecord } from "./record-services.js";
import type { AnyKey } from "./write.js";

/** What to watch, and where to begin: with what is committed from now on, unless it says otherwise. */
export type WatchRequest = DeepPartial<Omit<WatchMessage, "key" | "start">> & {
  /** The record to watch, with all records under it; the whole archive where there is no key. */
  readonly key?: AnyKey | undefined;
  /** Begin after the bookmark that had this token, of a watch of whatever it was; goes before `include_existing`. */
  readonly resume_token?: string | undefined;
  /** Begin after a revision; 0 for all changes that are kept. */
  readonly after_revision?: bigint | number | undefined;
  /** Begin with all records that there are, unless there is a `resume_token`. */
  readonly include_existing?: boolean | undefined;
};

/** What a watch tells, in its order. */
export type WatchEvent =
  /** A record that was there already. */
  | { readonly type: "existing"; readonly record: AnyRecord }
  /** All records that were there already have been told. A bookmark follows. */
  | { readonly type: "existing_complete" }
  /** What was done to a record, and the record as it is, in view BASIC; undefined where it is gone. */
  | { readonly type: "change"; readonly change: Change; readonly record: AnyRecord | undefined }
  /** Nothing before is missing, up to a revision: another watch may go on from here by the token. */
  | { readonly type: "bookmark"; readonly resume_token: string; readonly revision: bigint }
  /** What was told before does not count any more: forget it. All records that there are follow, as existing ones. */
  | { readonly type: "restarted"; readonly error: ArchiveError };

/** Whose changes to list, of which types and kinds, by whom and when. */
export type ChangesRequest = DeepPartial<Omit<ListChangesRequest, "key">> & {
  /** The record whose changes to list, with those of all records under it; all changes where there is no key. */
  readonly key?: AnyKey | undefined;
};

/** A page of changes. */
export type ChangePage = ListChangesResponse;
