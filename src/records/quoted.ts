import { limits } from "../limits.js";

/** Text that a client sent, as far as a message repeats it. Never cut within a character. */
export function quoted(text: string, length: number = limits.charactersQuoted): string {
  if (text.length <= length) return text;
  // The first half of a character that takes two code units is none.
  const end = /[\uD800-\uDBFF]/.test(text[length - 1] as string) ? length - 1 : length;
  return `${text.slice(0, end)}…`;
}
