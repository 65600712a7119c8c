import { randomUUID } from "node:crypto";

/** 64 random bits, in hexadecimal: those of a UUID, for which Node has many at hand, without its fixed ones in the middle. */
export function randomMark(): string {
  const uuid = randomUUID();
  return uuid.slice(0, 8) + uuid.slice(-8);
}
