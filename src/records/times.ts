/** A point in time, as google.protobuf.Timestamp has it. */
export interface Timestamp {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** The first second of the years from which times can be given: in details all of protobuf's, else all that engines keep. */
export const firstSecond = { ofDetails: -62135596800n, ofRecords: -30610224000n } as const;

const lastSecond = 253402300799n;

/** Whether a time is one, from a first second to the end of the year 9999. */
export const isTimeFrom = (first: bigint, { seconds, nanos }: Timestamp): boolean =>
  seconds >= first && seconds <= lastSecond && nanos >= 0 && nanos <= 999_999_999;

/** A time as SQL and the platform's components write it, "YYYY-MM-DD HH:MM:SS", with so many digits of its fraction. */
const written = ({ seconds, nanos }: Timestamp, digits: number): string => {
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace("T", " ");
  return digits ? `${whole}.${String(nanos).padStart(9, "0").slice(0, digits)}` : whole;
};

/** A time as the storage keeps it; what is less than a microsecond is cut off. */
export const storedTime = (time: Timestamp): string => written(time, 6);

let lastNow = { milliseconds: 0, stored: "" };

/** The time now as the storage keeps it. Many records can have the same. */
export function storedNow(): string {
  const milliseconds = Date.now();
  if (milliseconds !== lastNow.milliseconds) {
    const text = new Date(milliseconds).toISOString();
    lastNow = { milliseconds, stored: `${text.slice(0, 10)} ${text.slice(11, -1)}000` };
  }
  return lastNow.stored;
}

/** The number that two digits of a text are. */
const two = (text: string, at: number): number => 10 * text.charCodeAt(at) + text.charCodeAt(at + 1) - 528;

/**
 * The time that the storage keeps as a text. It is read with every record, and so not checked. It has microseconds where
 * the archive wrote it, which are read in a quarter of what Date.parse takes; other programs may have written others.
 */
export function fromStoredTime(stored: string): Timestamp {
  if (stored.length !== 26) {
    return {
      seconds: BigInt(Date.parse(`${stored.slice(0, 10)}T${stored.slice(11, 19)}Z`) / 1000),
      nanos: Number(stored.slice(20).padEnd(9, "0")),
    };
  }
  const year = 100 * two(stored, 0) + two(stored, 2);
  const time = Date.UTC(year, two(stored, 5) - 1, two(stored, 8), two(stored, 11), two(stored, 14), two(stored, 17));
  return {
    seconds: BigInt(time / 1000),
    nanos: 1000 * (10_000 * two(stored, 20) + 100 * two(stored, 22) + two(stored, 24)),
  };
}

/** A time as payloads have it, with a fraction only where it has one. */
export const payloadTime = (time: Timestamp): string => written(time, time.nanos ? 9 : 0);

/** The time of a payload's text; undefined where it is none. */
export function fromPayloadTime(text: string): Timestamp | undefined {
  const [, date, time, fraction = ""] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?$/.exec(text) ?? [];
  const milliseconds = Date.parse(`${date}T${time}Z`);
  // A 30th of February is parsed, as another day.
  const exists = !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString() === `${date}T${time}.000Z`;
  return exists ? { seconds: BigInt(milliseconds / 1000), nanos: Number(fraction.padEnd(9, "0")) } : undefined;
}
