import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { SingleBar } from "cli-progress";
import { type Command, Option } from "commander";
import { recordTypes } from "../records/record-type.js";
import { clientCommand, formatOption, keyArgument, typeArgument } from "./client-command.js";
import { type Connection, type Json, messageJson } from "./connection.js";
import { type ExportHeader, exportSource, headerLine, looksLikeExport, recordLine } from "./export-file.js";
import { exitCodes, Failure, usageFailure } from "./failure.js";
import {
  type ImportReport,
  importRecords,
  onConflicts,
  orphanModes,
  outcomes,
  type Refused,
} from "./import-records.js";
import type { ImportSource } from "./import-source.js";
import { parseKey, typeNamed } from "./record-name.js";
import { errorColors, note, output, type outputFormats, print, table } from "./terminal.js";
import { tinyDbSource } from "./tinydb.js";

/** The most refused records that are shown; the report has all. */
const maxShown = 20;

/** Adds the commands about the archive as a whole. */
export function addArchiveCommands(program: Command): void {
  clientCommand<ImportFlags>(
    program,
    "import",
    "import a TinyDB file of the predecessor or an export, found out by looking; again, it changes nothing",
    (connection, [file = ""], options) => importFile(connection, file, options),
  )
    .argument("<file>", "the file; - for the standard input")
    .option("--dry-run", "everything but writing")
    .addOption(
      new Option("--orphans <mode>", "what to do with records whose parents are missing: adopt makes minimal parents")
        .choices(orphanModes)
        .default("refuse"),
    )
    .addOption(
      new Option("--on-conflict <mode>", "what to do where there is another record of the same key")
        .choices(onConflicts)
        .default("fail"),
    )
    .option("--strict", "write nothing unless everything can be written")
    .option("--report <file>", "write what came of it, as JSON");

  clientCommand<{ file?: string }>(
    program,
    "export",
    "write all records, or one and everything downstream of it, a line each, as JSON that import takes",
    exportRecords,
  )
    .addArgument(typeArgument(false))
    .addArgument(keyArgument(false))
    .option("-f, --file <file>", "write to this file, once it is complete");

  clientCommand<{ output: (typeof outputFormats)[number] }>(
    program,
    "describe",
    "show the record types, as the server has them",
    async (connection, _, { output: format }) => {
      const response = await connection.call("ArchiveService", "DescribeHierarchy", {});
      output(format, response, () => hierarchyTable(response));
    },
  ).addOption(formatOption());

  clientCommand(
    program,
    "health",
    "ask a server for its health; exits with 0 if it is serving, else with 1",
    async (connection) => {
      const { status } = await connection.call("grpc.health.v1.Health", "Check", {}).catch((error: Failure) => {
        throw new Failure(exitCodes.UNFORESEEN, error.reason, error.message, error);
      });
      print(String(status));
      if (status !== "SERVING") process.exitCode = exitCodes.UNFORESEEN;
    },
  );
}

interface ImportFlags {
  readonly dryRun?: true;
  readonly strict?: true;
  readonly orphans: (typeof orphanModes)[number];
  readonly onConflict: (typeof onConflicts)[number];
  readonly report?: string;
}

async function importFile(connection: Connection, file: string, flags: ImportFlags): Promise<void> {
  const { dryRun = false, strict = false, orphans, onConflict, report: reportFile } = flags;
  await withFile(file, async (path) => {
    const source = await sourceOf(path, file);
    const progress = progressOf(source.total);
    const settings = { onConflict, orphans, dryRun, strict };
    const report = await importRecords(connection, source, settings, progress.show)
      .catch((error: Error) => {
        if (!(error instanceof Failure)) throw error;
        const rest = dryRun ? "" : "; what was written before stays: run it again to go on";
        throw new Failure(error.exitCode, error.reason, `${error.message}${rest}`, error);
      })
      .finally(progress.stop);
    if (reportFile) writeFileSync(reportFile, `${JSON.stringify({ file, dry_run: dryRun, ...report }, null, 2)}\n`);
    show(report, dryRun, reportFile);
  });
}

function show(
  { counts, adopted, refused, unlisted, written }: ImportReport,
  dryRun: boolean,
  reportFile?: string,
): void {
  for (const each of refused.slice(0, maxShown)) note(errorColors.red(`refused: ${refusalText(each)}`));
  const more = refused.length + unlisted - Math.min(refused.length, maxShown);
  if (more > 0) note(`… and ${more} more${reportFile ? `: see ${reportFile}` : "; --report FILE lists them"}`);
  for (const { type, key } of adopted) note(`adopted: ${type} ${key}`);
  if (!written) note(dryRun ? "Dry run: nothing was written. This would come of it:" : "Nothing was written:");
  const rows = recordTypes.flatMap(({ name }) => {
    const count = counts[name];
    return count ? [[name, ...outcomes.map((outcome) => String(count[outcome]))]] : [];
  });
  print(table(["TYPE", ...outcomes.map((outcome) => outcome.toUpperCase())], rows));
  if (refused.length + unlisted > 0) process.exitCode = exitCodes.REFUSED;
}

const refusalText = ({ type, key, document, line, reason, message }: Refused) =>
  [
    document ?? (type ? `${type} ${key}` : undefined),
    line > 0 ? `line ${line}` : undefined,
    `${reason}: ${message.replace(/\s*\n\s*/g, " ")}`,
  ]
    .filter(Boolean)
    .join(", ");

/** Gives the path of a file; what comes by the standard input is put into one, as it may be read twice. */
async function withFile(file: string, work: (path: string) => Promise<void>): Promise<void> {
  if (file !== "-") return work(file);
  await withFolder(async (folder) => {
    const path = join(folder, "input");
    await pipeline(process.stdin, createWriteStream(path));
    await work(path);
  });
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "synergos-archive-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A file's records, in whichever format they are. */
async function sourceOf(path: string, name: string): Promise<ImportSource> {
  try {
    const handle = await open(path);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1024), 0, 1024, 0).finally(() => handle.close());
    const start = buffer.toString("utf8", 0, bytesRead);
    if (looksLikeExport(start)) return await exportSource(path);
    if (!/^\uFEFF?\s*\{/.test(start)) {
      throw usageFailure(`${name} is neither a TinyDB file (a JSON object) nor an export of this program`);
    }
    return tinyDbSource(new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path)));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw usageFailure(`${name} cannot be read: ${(error as Error).message}`, error);
  }
}

/** Shows how far an import has come: a bar on a terminal, else a line for each tenth. */
function progressOf(total: number): { show(done: number): void; stop(): void } {
  if (!process.stderr.isTTY) {
    let shown = 0;
    return {
      show(done) {
        if (Math.min(done, total) - shown < total / 10) return;
        shown = Math.min(done, total);
        note(`${shown} of ${total} records`);
      },
      stop: () => undefined,
    };
  }
  const format = `${errorColors.cyan("{bar}")} {value} of {total} records, {eta_formatted} left`;
  const bar = new SingleBar({
    format,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    barCompleteChar: "█",
    barIncompleteChar: "░",
  });
  bar.start(total, 0);
  return { show: (done) => bar.update(Math.min(done, total)), stop: () => bar.stop() };
}

/** Writes all records; into a file of the system's first, as the header that comes before them counts them. */
async function exportRecords(connection: Connection, [name, keyText = ""]: string[], { file }: { file?: string }) {
  const request: Json = {};
  if (name) {
    const type = typeNamed(name);
    request.key = { [type.field]: { ...parseKey(type, keyText) } };
    request.include_root = true;
  }
  await withFolder(async (folder) => {
    const path = join(folder, "records");
    const counts: Record<string, number> = {};
    let changed: string | null = null;
    const lines = async function* () {
      for await (const response of connection.stream("ArchiveService", "StreamDescendants", request)) {
        const records = (messageJson(response).records ?? []) as Json[];
        for (const record of records) {
          const [[field, value] = ["", {}]] = Object.entries(record);
          const { updated_at } = value as Json;
          counts[field] = (counts[field] ?? 0) + 1;
          if (changed === null || comparable(String(updated_at)) > comparable(changed)) changed = String(updated_at);
        }
        yield records.map(recordLine).join("");
      }
    };
    await pipeline(lines, createWriteStream(path));
    const header: ExportHeader = { changed_at: changed, counts };
    const whole = async function* () {
      yield headerLine(header);
      yield* createReadStream(path);
    };
    if (!file) return pipeline(whole, process.stdout, { end: false });
    await pipeline(whole, createWriteStream(`${file}.part`));
    renameSync(`${file}.part`, file);
  });
}

/** A time such that the order of texts is that of times: "…41Z" comes before "…41.5Z". */
const comparable = (time: string) =>
  time.replace(/(\.\d+)?Z$/, (fraction) => fraction.slice(0, -1).padEnd(10, fraction.startsWith(".") ? "0" : " "));

function hierarchyTable({ record_types }: Json): string {
  const types = (record_types ?? []) as Record<string, string[]>[];
  const nameOf = (number: string) =>
    recordTypes.find(({ field }) => `RECORD_TYPE_${field.toUpperCase()}` === number)?.name;
  const names = (numbers: readonly string[] = []) => numbers.map(nameOf).join(", ") || "-";
  return table(
    ["TYPE", "KEY", "PARENTS", "LINK", "DOWNSTREAM"],
    types.map(({ record_type, key_fields = [], parents, relations, link_fields = [] }) => [
      String(nameOf(String(record_type)) ?? record_type),
      key_fields.join("/"),
      names(parents),
      link_fields.at(-1) ?? "-",
      names(relations),
    ]),
  );
}
