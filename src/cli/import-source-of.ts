import { exportSource, looksLikeExport } from "./export-file.js";
import { usageFailure } from "./failure.js";
import type { ImportSource } from "./import-source.js";
import type { Input } from "./input.js";
import { textOf } from "./text-of.js";
import { tinyDbSource } from "./tinydb.js";
import { wholeText } from "./whole-text.js";

/** An input's records, in whichever format they are. */
export async function importSourceOf(input: Input): Promise<ImportSource> {
  const start = await startOf(input);
  if (looksLikeExport(start)) return exportSource(input);
  if (start.trim() === "") throw usageFailure(`${input.name} is empty: it is neither a TinyDB file nor an export`);
  if (!/^\s*\{/.test(start)) {
    throw usageFailure(`${input.name} is neither a TinyDB file (a JSON object) nor an export of this program`);
  }
  return tinyDbSource(await wholeText(input.read(), input.name));
}

/** The first kilobyte of a text. */
async function startOf(input: Input): Promise<string> {
  let start = "";
  for await (const text of textOf(input.read(), input.name)) {
    start += text.slice(0, 1024);
    if (start.length >= 1024) break;
  }
  return start;
}
