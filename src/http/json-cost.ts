import { invalidFields } from "../archive/archive-error.js";
import { limits } from "../limits.js";

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [open, openList, close, closeList] = [0x7b, 0x5b, 0x7d, 0x5d];

/** Deeper than any message and the Structs in it go. */
const maxDepth = 400;

/**
 * Throws where JSON has more values, or more levels, than are read in one go: reading it is one piece of work, in which
 * nobody else has a turn. To look through its bytes before costs a hundredth of that.
 */
export function refuseCostlyJson(bytes: Buffer): void {
  // As many bytes cannot have more values.
  if (bytes.length <= limits.valuesOfJsonRequest) return;
  let values = 1;
  let depth = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isText) {
      if (byte === backslash) at++;
      else if (byte === quote) isText = false;
    } else if (byte === quote) isText = true;
    else if (byte === comma) values++;
    else if (byte === open || byte === openList) {
      values++;
      depth++;
    } else if (byte === close || byte === closeList) depth--;
    if (depth > maxDepth) {
      throw invalidFields([{ field: "request", description: "is not as JSON should be: it is nested too deep" }]);
    }
    if (values > limits.valuesOfJsonRequest) throw tooManyValues();
  }
}

const tooManyValues = () =>
  invalidFields(
    [
      {
        field: "request",
        description: `has more than ${limits.valuesOfJsonRequest} values (numbers, texts, members, items), the most of one in JSON: send smaller ones, or this one as application/proto`,
      },
    ],
    "TOO_MANY_VALUES",
  );
