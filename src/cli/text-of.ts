import { isUtf8 } from "node:buffer";
import { usageFailure } from "./failure.js";

/** What files begin with that hold no UTF-8, and what to do about it. */
const foreign: readonly (readonly [start: readonly number[], name: string, advice: string])[] = [
  [[0x1f, 0x8b], "compressed by gzip", "give what `gunzip -c` makes of it"],
  [[0x28, 0xb5, 0x2f, 0xfd], "compressed by Zstandard", "give what `zstd -dc` makes of it"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "compressed by xz", "give what `xz -dc` makes of it"],
  [[0x42, 0x5a, 0x68], "compressed by bzip2", "give what `bzip2 -dc` makes of it"],
  [[0x50, 0x4b, 0x03, 0x04], "a zip file", "give what `unzip -p` makes of it"],
  [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20], "an SQLite database", "serve it, and export it from there"],
  [[0xff, 0xfe, 0, 0], "UTF-32", "give what `iconv -f UTF-32 -t UTF-8` makes of it"],
  [[0, 0, 0xfe, 0xff], "UTF-32", "give what `iconv -f UTF-32 -t UTF-8` makes of it"],
  [[0xff, 0xfe], "UTF-16", "give what `iconv -f UTF-16 -t UTF-8` makes of it"],
  [[0xfe, 0xff], "UTF-16", "give what `iconv -f UTF-16 -t UTF-8` makes of it"],
];

/** The text of bytes that come in chunks. Throws where they are not UTF-8, and says what they are where it can tell. */
export async function* textOf(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let isFirst = true;
  for await (const chunk of chunks) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    // What says how it is encoded comes at once, unless the chunks are tiny.
    if (isFirst && bytes.length < 8) {
      rest = bytes;
      continue;
    }
    const whole = wholeCharacters(bytes);
    rest = bytes.subarray(whole);
    const text = decoded(bytes.subarray(0, whole), name, line, isFirst);
    line += countLines(text);
    isFirst = false;
    yield text;
  }
  if (rest.length > 0) yield decoded(rest, name, line, isFirst);
}

function decoded(bytes: Buffer, name: string, line: number, isFirst: boolean): string {
  if (isFirst) {
    const found = foreign.find(([start]) => bytes.subarray(0, start.length).equals(Buffer.from(start)));
    if (found) throw usageFailure(`${name} is ${found[1]}, not text in UTF-8: ${found[2]}`);
    if (bytes.subarray(0, 2).includes(0)) {
      throw usageFailure(`${name} is UTF-16 or no text at all: it must be text in UTF-8`);
    }
  }
  if (!isUtf8(bytes)) {
    throw usageFailure(`${name} is not UTF-8 at line ${line + linesBeforeFault(bytes)}: it must be text in UTF-8`);
  }
  const text = bytes.toString();
  return isFirst && text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** How many bytes there are before a character that the end cuts. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

function countLines(text: string): number {
  let count = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) count++;
  return count;
}

/** How many whole lines there are before what is not UTF-8: the end of a line is a byte of its own. */
function linesBeforeFault(bytes: Buffer): number {
  let count = 0;
  for (let start = 0; ; count++) {
    const end = bytes.indexOf(10, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return count;
    start = end + 1;
  }
}
