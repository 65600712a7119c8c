import { setTimeout as delay } from "node:timers/promises";
import type { WatchRequest } from "../../generated/ts/synergos/archive/v1/change.js";
import type { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import type { Caller } from "../records/caller.js";
import type { FieldViolation } from "../records/field-violation.js";
import type { Statements, StoredRecord } from "../storage/store.js";
import { historyChanged, refuse, revisionAhead, revisionCompacted, serverStopping } from "./archive-error.js";
import type { ChangeFeed } from "./change-feed.js";
import { type ChangeScope, changeScope, concerns } from "./change-scope.js";
import { archiveRecord, basicRecord, StoredDetails } from "./record-message.js";
import { pages } from "./record-pages.js";
import { type Position, readResumeToken, writeResumeToken } from "./resume-token.js";
import { shownTo } from "./shown-change.js";

/** How often a revision is asked for that is not there yet, in milliseconds. */
const askEvery = 50;

/** Streams the changes of some records, and what they were at the beginning, if that is asked for. */
export async function* watch(
  feed: ChangeFeed,
  request: WatchRequest,
  context: CallContext,
  /** Takes a place for a snapshot, which holds a connection; returns what gives it back. */
  takePlace: (context: CallContext) => Promise<() => void>,
): AsyncGenerator<Iterable<unknown>> {
  const violations: FieldViolation[] = [];
  const scope = changeScope(request, violations);
  const { start } = request;
  if (start?.$case === "after_revision" && start.value < 0n) {
    violations.push({ field: "after_revision", description: "must not be negative" });
  }
  refuse(violations);
  const given = start?.$case === "resume_token" ? readResumeToken(start.value) : undefined;
  const { tail, watcher } = await feed.join(context);
  try {
    let position = tail.position;
    let seen: ReadonlySet<string> = new Set();
    let isAnew = false;
    if (given) position = await reached(feed, given, context);
    else if (start?.$case === "after_revision") position = await positionOf(feed, Number(start.value), context);
    else if (start?.$case === "include_existing" && start.value) {
      isAnew = true;
      const free = await takePlace(context);
      try {
        [position, seen] = yield* existing(feed, scope, context);
      } finally {
        free();
      }
    }
    yield [bookmark(position, isAnew)];
    for (let said = performance.now(); ; ) {
      const found = await tail.after(position, context);
      position = found.position;
      const shown = found.events.flatMap((event) => {
        if (seen.has(event.change.mark)) return [];
        const change = shownTo(context, event.change);
        return change && concerns(change, scope) ? [event.response(change, context, position.historyId, isAnew)] : [];
      });
      const silent = performance.now() - said;
      if (shown.length > 0 || silent >= limits.bookmarkEvery || feed.isStopping) {
        yield [...shown, bookmark(position, isAnew)];
        said = performance.now();
      }
      watcher.reached(position.revision);
      if (feed.isStopping) throw serverStopping();
      if (found.events.length === 0) {
        await tail.wait(position, Math.max(0, limits.bookmarkEvery - (performance.now() - said)), context);
      }
    }
  } finally {
    watcher.leave();
  }
}

const bookmark = (position: Position, existing_complete: boolean) => ({
  existing: [],
  changes: [],
  resume_token: writeResumeToken(position),
  revision: BigInt(position.revision),
  existing_complete,
});

/**
 * Streams the records that there are, from one snapshot. Returns where that is in the history, and the marks of what it
 * has though it is not numbered yet: what follows leaves that out.
 */
async function* existing(
  feed: ChangeFeed,
  scope: ChangeScope,
  context: CallContext,
): AsyncGenerator<Iterable<unknown>, [Position, ReadonlySet<string>]> {
  let found: [Position, ReadonlySet<string>] | undefined;
  yield* feed.store.snapshot(context, async function* (statements) {
    const { state, mark, marks } = await statements.changesSeen();
    found = [{ historyId: state.historyId, revision: state.last, mark }, marks];
    for await (const records of existingRecords(statements, scope)) yield responses(records, context);
  });
  if (!found) throw historyChanged();
  return found;
}

async function* existingRecords(statements: Statements, { root, key, types }: ChangeScope) {
  for (const type of types) {
    if (type !== root) yield* pages(statements, type, root, key);
    else {
      const record = await statements.read(type, key);
      if (record) yield [record];
    }
  }
}

function* responses(records: readonly StoredRecord[], caller: Caller) {
  for (const record of records) {
    const existing = [archiveRecord(record.type, basicRecord(record, caller, new StoredDetails(record, true)))];
    yield { existing, changes: [], resume_token: "", revision: 0n, existing_complete: false };
  }
}

/** A position that a client gives, once this node has come to it. Throws where it is none of this history's. */
async function reached(feed: ChangeFeed, given: Position, context: CallContext): Promise<Position> {
  const { mark } = await revisionOf(feed, given.revision, context, given.historyId);
  if (mark !== given.mark) throw historyChanged();
  return given;
}

async function positionOf(feed: ChangeFeed, revision: number, context: CallContext): Promise<Position> {
  const { historyId, mark } = await revisionOf(feed, revision, context);
  return { historyId, revision, mark };
}

async function revisionOf(feed: ChangeFeed, revision: number, context: CallContext, of?: string) {
  const log = feed.store.changes;
  for (const began = performance.now(); ; ) {
    const { state, changes } = await log.read(revision, 1, context);
    const { historyId, last, compacted } = state;
    if (of !== undefined && of !== historyId) throw historyChanged();
    const [change] = changes;
    if (change?.revision === revision) return { historyId, mark: change.mark };
    if (revision === 0 && compacted === 0) return { historyId, mark: "" };
    if (revision <= last) throw revisionCompacted(revision, compacted + 1);
    if (performance.now() - began >= limits.waitForRevision) throw revisionAhead(revision, last);
    await log.number(context);
    await delay(askEvery);
    context.throwIfEnded();
  }
}
