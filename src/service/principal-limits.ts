import { ArchiveError } from "../archive/archive-error.js";
import { limits } from "../limits.js";
import { classOf } from "./admission.js";
import type { MethodBinding } from "./service-binding.js";

/** What one principal may ask of a process. */
export interface PrincipalBounds {
  /** The most calls at a time. */
  readonly calls: number;
  /** The most calls a second in the long run; undefined where there is no such bound. */
  readonly rate: number | undefined;
}

/** Which of the bounds a call met, as metrics say it. */
export type PrincipalCause = "principal_calls" | "principal_rate" | "principal_watches";

/** Clients come in bursts: the calls of so many seconds can be saved up. */
const burst = 2;

/** The most principals that are remembered with nothing under way: an issuer of tokens may know any number of them. */
const mostRemembered = 10_000;

/** For how long a client is asked to wait for a call of its own to end, in milliseconds. */
const pause = 200;

interface Share {
  inFlight: number;
  watches: number;
  /** The calls that it may begin now, as of a time by performance.now. */
  saved: number;
  since: number;
}

/** Keeps one principal from taking what is there for all. */
export class PrincipalLimits {
  /** Those that came last at the end. */
  readonly #shares = new Map<string, Share>();

  constructor(
    private readonly bounds: PrincipalBounds,
    private readonly refused: (cause: PrincipalCause) => void = () => undefined,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** How many principals are remembered. */
  get remembered(): number {
    return this.#shares.size;
  }

  /** Takes a call of a principal in, or throws; returns what ends it. */
  enter(name: string, method: MethodBinding): () => void {
    const share = this.#shareOf(name);
    const isWatch = classOf(method) === "watch";
    const { calls } = this.bounds;
    if (isWatch && share.watches >= limits.watchesOfPrincipal) throw this.#tooManyWatches();
    if (!isWatch && share.inFlight >= calls) {
      throw this.#limited("principal_calls", `${calls} calls at a time (--principal-max-calls)`, calls, pause);
    }
    this.#spend(share);
    const kind = isWatch ? "watches" : "inFlight";
    share[kind]++;
    return () => {
      share[kind]--;
    };
  }

  #shareOf(name: string): Share {
    const now = this.now();
    const known = this.#shares.get(name);
    this.#shares.delete(name);
    const share = known ?? { inFlight: 0, watches: 0, saved: burst * (this.bounds.rate ?? 0), since: now };
    this.#shares.set(name, share);
    if (this.#shares.size > mostRemembered) this.#forget();
    return share;
  }

  /** Forgets who came least lately, unless something of it is under way: so many more there are at the most. */
  #forget(): void {
    for (const [name, { inFlight, watches }] of this.#shares) {
      if (inFlight > 0 || watches > 0) continue;
      this.#shares.delete(name);
      return;
    }
  }

  #spend(share: Share): void {
    const { rate } = this.bounds;
    if (rate === undefined) return;
    const now = this.now();
    share.saved = Math.min(burst * rate, share.saved + ((now - share.since) / 1000) * rate);
    share.since = now;
    if (share.saved < 1) {
      const wait = Math.ceil(((1 - share.saved) / rate) * 1000);
      throw this.#limited("principal_rate", `${rate} calls a second (--principal-rate)`, rate, wait);
    }
    share.saved--;
  }

  #limited(cause: PrincipalCause, bound: string, limit: number, wait: number): ArchiveError {
    this.refused(cause);
    // Not all at once, where several wait.
    const retryAfter = Math.round(wait * (1 + Math.random() / 2));
    return new ArchiveError(
      "RESOURCE_EXHAUSTED",
      "RATE_LIMITED",
      `You have what one principal may: ${bound}. Nothing was done; try again in ${retryAfter} ms.`,
      { metadata: { cause, limit: String(limit) }, retryAfter },
    );
  }

  #tooManyWatches(): ArchiveError {
    this.refused("principal_watches");
    const limit = limits.watchesOfPrincipal;
    return new ArchiveError(
      "RESOURCE_EXHAUSTED",
      "TOO_MANY_WATCHES",
      `You have ${limit} watches at this process, as many as one principal may: watch more with each, or end some.`,
      { metadata: { cause: "principal_watches", limit: String(limit) } },
    );
  }
}
