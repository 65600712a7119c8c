import type { ArchiveError } from "./archive-error.js";

/**
 * The records of an import that were too large to be decoded, and why: the import goes on without them. Of these there is
 * nothing but their keys.
 */
export const unreadRecords = new WeakMap<object, ArchiveError>();
