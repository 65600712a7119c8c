import { setTimeout as delay } from "node:timers/promises";
import { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import type { NumberedChange } from "../records/change.js";
import type { HistoryState } from "../storage/change-log.js";
import type { Store } from "../storage/store.js";
import { ArchiveError, historyChanged, revisionCompacted } from "./archive-error.js";
import { type ChangeEvent, changeEvents, ReadingPace } from "./change-event.js";
import { ChangeRing } from "./change-ring.js";
import type { Position } from "./resume-token.js";

/** One of those that watch. */
export interface Watcher {
  /** It has told all up to a revision. */
  reached(revision: number): void;
  leave(): void;
}

/**
 * The end of a history, followed for as long as anybody watches: it numbers what is committed, reads what is numbered, and
 * keeps the last of it in memory. A watch that has fallen behind that reads for itself, so none keeps another waiting.
 */
export class ChangeTail {
  /** How far each watch has come. */
  readonly #watchers = new Set<{ revision: number }>();
  #isFollowed = false;
  readonly #ring = new ChangeRing();
  readonly #pace = new ReadingPace();
  /** The last revision that was read. */
  #position: Position;
  /** Why it is not followed any more. */
  #failure: { readonly error: unknown } | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #context = new CallContext();

  private constructor(
    private readonly store: Store,
    position: Position,
  ) {
    this.#position = position;
  }

  /** Finds where a history is. */
  static async open(store: Store): Promise<ChangeTail> {
    const context = new CallContext();
    const { state } = await store.changes.read(Number.MAX_SAFE_INTEGER, 1, context);
    const { changes } = await store.changes.read(state.last, 1, context);
    const { historyId, last } = state;
    return new ChangeTail(store, { historyId, revision: last, mark: changes[0]?.mark ?? "" });
  }

  /** Where it is. */
  get position(): Position {
    return this.#position;
  }

  get isOver(): boolean {
    return this.#failure !== undefined;
  }

  get watches(): number {
    return this.#watchers.size;
  }

  /** How many changes the watch that is furthest behind has yet to tell. */
  get behind(): number {
    let least = this.#position.revision;
    for (const { revision } of this.#watchers) least = Math.min(least, revision);
    return this.#position.revision - least;
  }

  /** Follows it for one more watch. */
  join(): Watcher {
    const own = { revision: this.#position.revision };
    this.#watchers.add(own);
    // The last watch may have left just now, and who follows not have seen it.
    if (!this.#isFollowed) void this.#follow();
    return {
      reached(revision) {
        own.revision = revision;
      },
      leave: () => void this.#watchers.delete(own),
    };
  }

  /** Some of the changes after a position: from memory, or else from the table. None where there are none. */
  async after(from: Position, context: CallContext): Promise<{ events: readonly ChangeEvent[]; position: Position }> {
    if (this.#failure) throw this.#failure.error;
    if (this.#position.historyId !== from.historyId) throw historyChanged();
    if (this.#position.revision <= from.revision) return { events: [], position: from };
    const kept = this.#ring.after(from.revision);
    if (kept) return { events: kept, position: positionAfter(from, kept) };
    const changes = follow(from, await this.store.changes.read(from.revision, limits.changesRead + 1, context));
    for await (const events of changeEvents(this.store, changes, this.#pace, context)) {
      return { events, position: positionAfter(from, events) };
    }
    return { events: [], position: from };
  }

  /** Resolves when there may be changes after a position, or after so many milliseconds; rejects when the call ends. */
  wait(from: Position, milliseconds: number, context: CallContext): Promise<void> {
    if (this.#failure || this.#position.revision > from.revision) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = (done: () => void) => () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        context.offEnd(ended);
        done();
      };
      const wake = end(resolve);
      const ended = end(() => reject(context.error));
      const timer = setTimeout(wake, milliseconds);
      this.#waiting.add(wake);
      context.onEnd(ended);
      if (context.error) ended();
    });
  }

  /** Comes to what is the end now, so that a watch begins there. */
  async catchUp(): Promise<void> {
    const { state } = await this.store.changes.read(Number.MAX_SAFE_INTEGER, 1, this.#context);
    while ((await this.look()) && this.#position.revision < state.last);
  }

  /** Lets all who wait look again. */
  wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Reads what is numbered; returns whether there was anything. Ends it where that is no longer the same history. */
  async look(): Promise<boolean> {
    const from = this.#position;
    try {
      const read = await this.store.changes.read(from.revision, limits.changesRead + 1, this.#context);
      const changes = follow(from, read);
      for await (const events of changeEvents(this.store, changes, this.#pace, this.#context)) {
        // Somebody else may have looked meanwhile.
        const fresh = events.filter(({ change }) => change.revision > this.#position.revision);
        this.#ring.push(fresh);
        this.#position = positionAfter(this.#position, fresh);
        this.wake();
      }
      return changes.length > 0;
    } catch (error) {
      if (error instanceof ArchiveError && error.code === "OUT_OF_RANGE") this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.wake();
  }

  async #follow(): Promise<void> {
    this.#isFollowed = true;
    let isWritten = false;
    let written = () => {};
    const stop = this.store.changes.onWrite(() => {
      isWritten = true;
      written();
    });
    let foundAt = performance.now();
    let failedSince: number | undefined;
    while (this.watches > 0 && !this.#failure) {
      // Where others number as well, one is enough: who writes is the first to know.
      const isPatient = this.store.changes.othersNumber(isWritten ? limits.lookForChanges * 2 : limits.idleAfter);
      isWritten = false;
      try {
        for (let more = true; more; ) {
          more = await this.store.changes.number(this.#context, isPatient);
          if (await this.look()) foundAt = performance.now();
        }
        failedSince = undefined;
      } catch (error) {
        failedSince ??= performance.now();
        if (performance.now() - failedSince > limits.watchWithoutDatabase) this.#fail(error);
      }
      const isIdle = failedSince !== undefined || performance.now() - foundAt > limits.idleAfter;
      // A write that came meanwhile, of which this may have seen nothing, waits for no other.
      if (!isWritten || failedSince !== undefined) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, isIdle ? limits.lookForChangesIdle : limits.lookForChanges);
          written = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      // Many watches are told of several changes at once: each message costs more than what is in it.
      await delay(Math.max(limits.lookAfterWrite, Math.min(limits.lookForChanges * 2, this.watches / 10)));
    }
    this.#isFollowed = false;
    stop();
  }
}

const positionAfter = (from: Position, events: readonly ChangeEvent[]): Position => {
  const last = events.at(-1)?.change;
  return last ? { historyId: from.historyId, revision: last.revision, mark: last.mark } : from;
};

/**
 * What follows a position, of what was read from its own revision on: without a gap. Throws where that revision is
 * another change than it was, or what follows it is not kept any more.
 */
function follow(
  from: Position,
  { state, changes }: { readonly state: HistoryState; readonly changes: readonly NumberedChange[] },
): NumberedChange[] {
  if (state.historyId !== from.historyId) throw historyChanged();
  // Another node answered, which has not come as far; or commits were lost, which the next revision shows.
  if (state.last < from.revision) return [];
  const own = changes.find(({ revision }) => revision === from.revision);
  const isFirst = from.revision === 0 && state.compacted === 0;
  if (!own && !isFirst) throw revisionCompacted(from.revision, state.compacted + 1);
  if (own && own.mark !== from.mark) throw historyChanged();
  const after = changes.filter(({ revision }) => revision > from.revision);
  const gap = after.findIndex(({ revision }, index) => revision !== from.revision + 1 + index);
  return gap < 0 ? after : after.slice(0, gap);
}
