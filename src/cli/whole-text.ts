import { constants } from "node:buffer";
import { usageFailure } from "./failure.js";
import { textOf } from "./text-of.js";

/** The most characters that one text can have. */
export const maxText = constants.MAX_STRING_LENGTH;

/** All of a text, up to a number of characters. */
export async function wholeText(chunks: AsyncIterable<Buffer>, name: string, most = maxText): Promise<string> {
  const parts: string[] = [];
  let length = 0;
  for await (const part of textOf(chunks, name)) {
    length += part.length;
    if (length > most) {
      throw usageFailure(
        `${name} is larger than ${Math.floor(most / 2 ** 20)} MiB, more than is read at once: split it`,
      );
    }
    parts.push(part);
  }
  return parts.join("");
}
