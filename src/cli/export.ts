import type { Connection, Json } from "./connection.js";
import { messageJson } from "./connection.js";
import { type ExportHeader, headerLine, recordLine } from "./export-file.js";
import { openOutput } from "./open-output.js";
import { parseKey, typeNamed } from "./record-name.js";
import { Spool } from "./spool.js";

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
    const header = await keep(connection.stream("ArchiveService", "StreamDescendants", request), spool);
    await output.write(headerLine(header));
    for await (const lines of spool.read()) await output.write(lines);
    await output.finish();
  } finally {
    await output.discard();
    await spool.close();
  }
}

/** Keeps the lines of all records that come, and says what is to stand before them. */
async function keep(responses: ReturnType<Connection["stream"]>, spool: Spool): Promise<ExportHeader> {
  const counts: Record<string, number> = {};
  let changed: string | null = null;
  for await (const response of responses) {
    const records = (messageJson(response).records ?? []) as Json[];
    for (const record of records) {
      const [[field, value] = ["", {}]] = Object.entries(record);
      const { updated_at } = value as Json;
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
