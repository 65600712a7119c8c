import confirm from "@inquirer/confirm";
import { callRecord } from "./call-record.js";
import type { Target } from "./client-command.js";
import type { Json } from "./connection.js";
import { exitCodes, Failure } from "./failure.js";
import { output } from "./output.js";
import type { OutputFormat } from "./output-format.js";
import { countsTable } from "./record-counts.js";
import { keyText } from "./record-name.js";
import { isInteractive, note } from "./terminal.js";

export interface DeleteOptions {
  readonly output: OutputFormat;
  readonly yes?: true;
  readonly restrict?: true;
  readonly allowMissing?: true;
  readonly etag?: string;
}

/** Deletes a record and everything downstream of it, once it is confirmed. */
export async function remove({ connection, type, key }: Target, options: DeleteOptions): Promise<void> {
  const { output: format, yes, restrict, allowMissing = false, etag = "" } = options;
  const cascade = restrict ? "CASCADE_RESTRICT" : "CASCADE_RECURSIVE";
  const request = { key, cascade, allow_missing: allowMissing, etag };
  const name = `${type.name} ${keyText(type, key)}`;
  if (!yes) {
    const { deleted = [] } = await callRecord(connection, type, "Delete", { ...request, validate_only: true });
    if ((deleted as Json[]).length > 0) {
      note(`This deletes ${name}:`);
      note(countsTable(deleted as Json[]));
      if (!isInteractive()) {
        throw new Failure(exitCodes.NOT_CONFIRMED, "NOT_CONFIRMED", "nobody is there to confirm it: give --yes");
      }
      const sure = await confirm({ message: "Delete it all?", default: false }, { output: process.stderr }).catch(
        () => false,
      );
      if (!sure) throw new Failure(exitCodes.NOT_CONFIRMED, "NOT_CONFIRMED", "nothing was deleted");
    }
  }
  const response = await callRecord(connection, type, "Delete", request);
  const deleted = (response.deleted ?? []) as Json[];
  output(format, response, () =>
    deleted.length > 0 ? `Deleted ${name}:\n${countsTable(deleted)}` : `There was no ${name}.`,
  );
}
