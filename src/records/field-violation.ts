import { quoted } from "./quoted.js";

/** What is wrong with one field of a request. */
export interface FieldViolation {
  /** Its path in the request, by the names in proto: "details.nodes.node_0.port". */
  readonly field: string;
  /** What is wrong, as a sentence's end: "must be 0 to 65535". */
  readonly description: string;
}

/**
 * One step of a path: a name as it is, or in backquotes where it holds other than letters, digits, _ and -. Of a name
 * that nobody can read any more the beginning.
 */
export function pathStep(name: string): string {
  const shown = quoted(name);
  return /^[\p{L}\p{N}_-]+…?$/u.test(shown) ? shown : `\`${shown.replaceAll("`", "``")}\``;
}
