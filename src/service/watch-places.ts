import { ArchiveError } from "../archive/archive-error.js";
import { limits } from "../limits.js";
import type { StreamPlaces } from "./stream-slots.js";

/** The places of watches: none waits for one. A client that reads nothing for long loses its own. */
export class WatchPlaces implements StreamPlaces {
  readonly bytesOfMessage = limits.bytesOfWatchMessage;
  readonly bytesUnread = limits.bytesOfWatchMessage;
  #free: number = limits.watches;

  async take(): Promise<() => void> {
    if (this.#free === 0) throw tooMany();
    this.#free--;
    return () => {
      this.#free++;
    };
  }

  patient(reading: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(tooSlow()), limits.stallOfWatch);
      reading.finally(() => clearTimeout(timer)).then(resolve, reject);
    });
  }
}

const tooMany = () =>
  new ArchiveError(
    "RESOURCE_EXHAUSTED",
    "TOO_MANY_WATCHES",
    `This process has ${limits.watches} watches already: watch more with each, or try another copy of the service.`,
    { metadata: { limit: String(limits.watches) } },
  );

const tooSlow = () =>
  new ArchiveError(
    "RESOURCE_EXHAUSTED",
    "WATCH_TOO_SLOW",
    `Nothing was read for ${limits.stallOfWatch / 1000} seconds: read faster, and go on by the last resume_token.`,
  );
