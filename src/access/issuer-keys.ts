import { readFile } from "node:fs/promises";
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import type { ArchiveError } from "../archive/archive-error.js";
import { issuerUnavailable } from "./credential-errors.js";

/** How long keys count as fresh, and how long nobody is asked again for a key that is not known, in milliseconds. */
const freshFor = 600_000;
const cooldown = 5000;
const patience = 5000;
/** How long, in milliseconds, an issuer that could not be asked is not asked again: anybody can send tokens that name it. */
const rest = 1000;
/** The most calls that wait for an issuer: others are to have their turn, whoever sends tokens that name it. */
const mostWaiting = 100;
/** The most bytes of a set of keys. */
const maxSize = 2 ** 18;

/**
 * The keys of an issuer, from a file or an URL. They are asked for again when they are old, or when a token names one that
 * is not known; while the issuer cannot be asked, those that are known go on working.
 */
export class IssuerKeys {
  #keys: JWTVerifyGetKey | undefined;
  #fetched = Number.NEGATIVE_INFINITY;
  #asked = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;
  #waiting = 0;
  /** Why the keys could not be had the last time. */
  #failure: { readonly error: ArchiveError; readonly at: number } | undefined;

  constructor(
    private readonly source: string,
    private readonly failed: (error: Error) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Finds the key of a token, as jose asks for it. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (!this.#keys) {
      if (this.#failure && this.now() - this.#failure.at < rest) throw this.#failure.error;
      await this.#wait();
    } else if (this.now() - this.#fetched > freshFor && this.now() - this.#asked > cooldown) {
      // Nobody whose key is known waits for it.
      this.#fetch().catch(() => undefined);
    }
    const known = this.#keys as JWTVerifyGetKey;
    try {
      return await known(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (!this.#fetching && this.now() - this.#asked < cooldown) throw error;
      await this.#wait().catch(() => undefined);
      return (this.#keys as JWTVerifyGetKey)(header, token);
    }
  };

  /** Waits until the keys have been asked for. */
  async #wait(): Promise<void> {
    if (this.#waiting >= mostWaiting) throw issuerUnavailable(new Error("too many calls wait for the issuer's keys"));
    this.#waiting++;
    try {
      await this.#fetch();
    } finally {
      this.#waiting--;
    }
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#load().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #load(): Promise<void> {
    this.#asked = this.now();
    try {
      const text = /^https?:/i.test(this.source) ? await fetched(this.source) : await readFile(this.source, "utf8");
      const keys: unknown = JSON.parse(text);
      this.#keys = createLocalJWKSet(keys as JSONWebKeySet);
      this.#fetched = this.now();
    } catch (error) {
      this.failed(error as Error);
      const unavailable = issuerUnavailable(error);
      this.#failure = { error: unavailable, at: this.now() };
      throw unavailable;
    }
  }
}

async function fetched(url: string): Promise<string> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(patience),
    redirect: "error",
    headers: { accept: "application/json" },
  });
  if (!response.ok) throw new Error(`it answers ${response.status}`);
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > maxSize) throw new Error(`it answers more than ${maxSize} bytes`);
  }
  return text;
}
