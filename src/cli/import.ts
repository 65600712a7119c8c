import { recordTypes } from "../records/record-type.js";
import type { Connection } from "./connection.js";
import { exitCodes, Failure } from "./failure.js";
import { progressOf } from "./import-progress.js";
import { importRecords } from "./import-records.js";
import { type ImportReport, outcomes, type Refused } from "./import-report.js";
import type { onConflicts, orphanModes } from "./import-settings.js";
import { importSourceOf } from "./import-source-of.js";
import { withInput } from "./input.js";
import { openOutput } from "./open-output.js";
import { table } from "./table.js";
import { errorColors, note, print } from "./terminal.js";

/** The most refused records that are shown; the report has all. */
const maxShown = 20;

export interface ImportFlags {
  readonly dryRun?: true;
  readonly strict?: true;
  readonly orphans: (typeof orphanModes)[number];
  readonly onConflict: (typeof onConflicts)[number];
  readonly report?: string;
}

/** Imports a TinyDB file or an export. */
export async function importFile(connection: Connection, [file = ""]: string[], options: ImportFlags): Promise<void> {
  const { dryRun = false, strict = false, orphans, onConflict, report: reportFile } = options;
  // That it can be written is known before anything is.
  const reportOutput = reportFile === undefined ? undefined : await openOutput(reportFile);
  try {
    const report = await withInput(file, async (input) => {
      const source = await importSourceOf(input);
      const progress = progressOf(source.total);
      return importRecords(connection, source, { onConflict, orphans, dryRun, strict }, progress.show)
        .catch((error: Error) => {
          if (!(error instanceof Failure)) throw error;
          const rest = dryRun ? "" : "; what was written before stays: run it again to go on";
          throw new Failure(error.exitCode, error.reason, `${error.message}${rest}`, error);
        })
        .finally(progress.stop);
    });
    if (reportOutput) {
      await reportOutput.write(`${JSON.stringify({ file, dry_run: dryRun, ...report }, null, 2)}\n`);
      await reportOutput.finish();
    }
    show(report, dryRun, reportFile);
  } finally {
    await reportOutput?.discard();
  }
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
