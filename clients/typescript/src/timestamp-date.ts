import type { Timestamp } from "../../../generated/ts/google/protobuf/timestamp.js";

/** A timestamp as a Date, to the millisecond. */
export const toDate = ({ seconds, nanos }: Timestamp): Date =>
  new Date(Number(seconds) * 1000 + Math.floor(nanos / 1_000_000));

/** A Date as a timestamp. */
export function fromDate(date: Date): Timestamp {
  const milliseconds = date.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds: BigInt(seconds), nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}
