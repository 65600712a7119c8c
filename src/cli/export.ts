import type { Connection, Json } from "./connection.js";
import { messageJson } from "./connection.js";
import { type ExportHeader, headerLine, recordLine } from "./export-file.js";
import { openOutput } from "./open-output.js";
import { parseKey, typeNamed } from "./record-name.js";
import { Spool } from "./spool.js";
import { note } from "./terminal.js";

export interface ExportOptions {
  readonly file: string;
}

/** Writes all records, or one and everything downstream of it. They are kept first: the header before them counts them. */
export async function exportRecords(
  connection: Connection,
  [name, keyText = ""]: string[],
  { file }: ExportOptions,
): Promise<void> {
  const request: Json = {};
  if (name) {
    const type = typeNamed(name);
    request.key = { [type.field]: { ...parseKey(type, keyText) } };
    request.include_root = true;
  }
  const output = await openOutput(file);
  const spool = new Spool();
  try {
    const masked = new Map<string, Set<string>>();
    const header = await keep(connection.stream("ArchiveService", "StreamDescendants", request), spool, masked);
    await output.write(headerLine(header));
    for await (const lines of spool.read()) await output.write(lines);
    await output.finish();
    if (masked.size > 0) note(`not in the export, as they are not for you to see: ${maskedText(masked)}`);
  } finally {
    await output.discard();
    await spool.close();
  }
}

/** The most paths of a type that are noted, and that are said: keys of maps are among them. */
const mostPaths = { noted: 1000, said: 10 };

function maskedText(masked: ReadonlyMap<string, ReadonlySet<string>>): string {
  const texts = [...masked].map(([field, paths]) => {
    const more = paths.size > mostPaths.said ? ", and more" : "";
    return `${[...paths].sort().slice(0, mostPaths.said).join(", ")}${more} of ${field}`;
  });
  return texts.join("; ");
}

/** Keeps the lines of all records that come, and says what is to stand before them. Notes what they do not show. */
async function keep(
  responses: ReturnType<Connection["stream"]>,
  spool: Spool,
  masked: Map<string, Set<string>>,
): Promise<ExportHeader> {
  const counts: Record<string, number> = {};
  let changed: string | null = null;
  for await (const response of responses) {
    const records = (messageJson(response).records ?? []) as Json[];
    for (const record of records) {
      const [[field, value] = ["", {}]] = Object.entries(record);
      const { updated_at, masked: hidden } = value as Json;
      for (const path of (hidden ?? []) as string[]) {
        const paths = masked.get(field) ?? new Set();
        if (paths.size < mostPaths.noted) masked.set(field, paths.add(path));
      }
      counts[field] = (counts[field] ?? 0) + 1;
      if (changed === null || comparable(String(updated_at)) > comparable(changed)) changed = String(updated_at);
    }
    await spool.write(Buffer.from(records.map(recordLine).join("")));
  }
  return { changed_at: changed, counts };
}

/** A time such that the order of texts is that of times: "…41Z" comes before "…41.5Z". */
const comparable = (time: string) =>
  time.replace(/(\.\d+)?Z$/, (fraction) => fraction.slice(0, -1).padEnd(10, fraction.startsWith(".") ? "0" : " "));
