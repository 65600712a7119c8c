import { ArchiveError } from "../archive/archive-error.js";
import type { MethodBinding } from "./service-binding.js";

/** Classes of calls, from what waits best to what others wait for. */
const classes = ["watch", "stream", "import", "list", "write", "get"] as const;

export type CallClass = (typeof classes)[number];

/** How much there is to do, each as a share of what is too much for all. */
export interface Load {
  /** By what there is much of: calls, the event loop's delay, the pool's queue, memory. */
  readonly cause: "calls" | "delay" | "pool" | "memory";
  readonly share: number;
}

/** From which share on a class is refused: what waits best goes first, a single record last. */
const shares: Readonly<Record<CallClass, number>> = {
  watch: 0.6,
  stream: 0.6,
  import: 0.6,
  list: 0.7,
  write: 0.85,
  get: 1,
};

/** So few calls are not what is too much, whatever the machine is busy with. */
const fewCalls = 16;

/** From which share on of what is too much calls wait for others, before any is refused. */
const busyShare = 0.5;

/** For how long a client is asked to wait, in milliseconds; in between, so that not all come at once. */
const pause = { least: 300, most: 900 };

/** Lets calls in as long as there is not too much to do at once. */
export class Admission {
  #inFlight = 0;
  #working = 0;

  constructor(
    /** The most calls at a time. */
    private readonly most: number,
    /** Where so many are worked on, others wait that can. */
    private readonly together: number,
    /** What else there is much of, asked for each call. */
    private readonly load: () => Load,
    private readonly refused: (cause: Load["cause"]) => void = () => undefined,
  ) {}

  /**
   * Takes a call in, or throws; returns whether it counts: then it leaves. A watch waits most of the time, and has a bound
   * of its own.
   */
  enter(method: MethodBinding): boolean {
    const kind = classOf(method);
    const limit = shares[kind];
    const cause = this.#tooMuch(limit);
    if (cause) {
      this.refused(cause);
      throw overloaded(cause);
    }
    if (kind === "watch") return false;
    this.#inFlight++;
    return true;
  }

  /**
   * The request of a call has come; returns whether the call is worked on from now on. Before, it waits for its client, as a
   * stream may for as long as it lasts.
   */
  work({ requestStream, responseStream }: MethodBinding): boolean {
    if (requestStream || responseStream) return false;
    this.#working++;
    return true;
  }

  /** A call that is worked on begins or ends to wait for what others have. */
  rests(isResting: boolean): void {
    this.#working += isResting ? -1 : 1;
  }

  /** A call is over that was taken in, and may have been worked on. */
  leave(working: boolean): void {
    this.#inFlight--;
    if (working) this.#working--;
  }

  /** Whether those who can wait should, as there is as much to do as can be done at a time. */
  get isBusy(): boolean {
    if (this.#working >= this.together || this.#inFlight >= this.most / 2) return true;
    return this.#inFlight >= fewCalls && this.load().share >= busyShare;
  }

  #tooMuch(limit: number): Load["cause"] | undefined {
    if (this.#inFlight >= limit * this.most) return "calls";
    if (this.#inFlight < fewCalls) return undefined;
    const { cause, share } = this.load();
    return share >= limit ? cause : undefined;
  }
}

/** The class of a method, by what it takes and gives and by its name. */
export function classOf({ name, requestStream, responseStream }: MethodBinding): CallClass {
  // Reflection is what clients begin with.
  if (requestStream && responseStream) return "get";
  if (name === "Watch") return "watch";
  if (responseStream) return "stream";
  if (requestStream) return "import";
  if (/^(Create|Update|Delete|Batch)/.test(name)) return "write";
  return /^(List|Count)/.test(name) ? "list" : "get";
}

const texts: Readonly<Record<Load["cause"], string>> = {
  calls: "as many calls as it takes at a time (--max-calls)",
  delay: "more to compute than it has time for",
  pool: "too many calls that wait for the database",
  memory: "hardly any memory left",
};

function overloaded(cause: Load["cause"]): ArchiveError {
  const retryAfter = Math.round(pause.least + Math.random() * (pause.most - pause.least));
  return new ArchiveError(
    "RESOURCE_EXHAUSTED",
    "OVERLOADED",
    `The server has ${texts[cause]}: nothing was done; try again in ${retryAfter} ms.`,
    { metadata: { cause }, retryAfter },
  );
}
