/** Half of a surrogate pair, which has no form in UTF-8 and would be sent as another character. */
const halfPair = /\p{Surrogate}/u;

export const isWellFormed = (text: string): boolean => !halfPair.test(text);

/** What is wrong with text that is not well-formed. */
export const illFormed = "must be well-formed text: it has half of a surrogate pair";

/** A step of a path to a name that a caller chose, as the archive writes it: quoted by backticks where it must be. */
export const pathStep = (name: string): string =>
  /^[\p{L}\p{N}_-]+$/u.test(name) ? name : `\`${name.replaceAll(/\p{Surrogate}/gu, "\ufffd").replaceAll("`", "``")}\``;

/** Whether a value is what braces make, in whichever realm; not an instance of a class, a Map or a Date. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What a value is, for a text that says that it must not be. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return /^[aeiou]/.test(typeof value) ? `an ${typeof value}` : `a ${typeof value}`;
  if (isPlainObject(value)) return "an object";
  const maker: unknown = value.constructor;
  return typeof maker === "function" && maker.name !== "" ? `an instance of ${maker.name}` : "an instance of a class";
}
