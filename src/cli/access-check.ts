import { readFileSync } from "node:fs";
import { faultsText } from "../access/access.js";
import type { Verb } from "../access/define-roles.js";
import { explain } from "../access/explain.js";
import { type AccessFile, isFaulty, type ListedPrincipal, readAccessFile } from "../access/read-access-file.js";
import { exitCodes, usageFailure } from "./failure.js";
import { output } from "./output.js";
import type { OutputFormat } from "./output-format.js";
import { placeOf } from "./place-of.js";
import { keyText, parseKey, typeNamed } from "./record-name.js";
import { table } from "./table.js";
import { note } from "./terminal.js";

export interface AccessCheckOptions {
  readonly as?: string;
  readonly may?: Verb;
  readonly output: OutputFormat;
}

/** Says all that is wrong with an access file, or what a principal may do by it and why. */
export function checkAccess(
  path: string,
  typeName: string | undefined,
  key: string,
  options: AccessCheckOptions,
): void {
  const { as, may: verb, output: format } = options;
  const file = readFile(path);
  if (as === undefined && verb === undefined && typeName === undefined) {
    const counts = countsOf(file);
    const rows = Object.entries(counts).map(([what, count]) => [what.replace("_", " "), String(count)]);
    output(format, counts, () => table(["WHAT", "COUNT"], rows));
    return;
  }
  if (as === undefined || verb === undefined || typeName === undefined) {
    throw usageFailure("a question needs all of --as PRINCIPAL, --may read|write|delete and a record type");
  }
  const principal = file.principals.get(as);
  if (!principal) throw usageFailure(`${path} has no principal ${JSON.stringify(as)}`);
  answer(principal, verb, typeName, key, format);
}

function readFile(path: string): AccessFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw usageFailure(`${path} cannot be read: ${(error as Error).message}`, error);
  }
  const read = readAccessFile(text);
  if (!isFaulty(read)) return read;
  note(faultsText(path, read));
  throw usageFailure(`${path} cannot be used: ${read.length === 1 ? "1 fault" : `${read.length} faults`}`);
}

const countsOf = ({ principals, tokens, certificates, subjects, issuers }: AccessFile) => ({
  principals: principals.size,
  tokens: tokens.size,
  expired_tokens: [...tokens.values()].filter(({ expires }) => expires !== undefined && expires <= Date.now()).length,
  certificates: certificates.size,
  subjects: subjects.size,
  issuers: issuers.size,
});

function answer(principal: ListedPrincipal, verb: Verb, typeName: string, text: string, format: OutputFormat): void {
  const type = typeNamed(typeName);
  const key = parseKey(type, text, verb === "read");
  const { allowed, grants, notes } = explain(principal, verb, type, key);
  const shown = {
    principal: principal.name,
    verb,
    record_type: type.name,
    key,
    allowed,
    grants: grants.map(({ grant: { roleName, scope, participant }, lacks }) => ({
      role: roleName,
      scope,
      ...(participant === undefined ? {} : { participant_id: participant }),
      allows: lacks === undefined,
      ...(lacks === undefined ? {} : { lacks }),
    })),
    notes,
  };
  output(format, shown, () => {
    const what = `${type.name} ${text === "" ? "of any key" : keyText(type, key).replace(/\/+$/, "")}`;
    const rows = shown.grants.map(({ role, scope, participant_id, lacks }) => [
      role,
      placeOf(scope),
      participant_id ?? "-",
      lacks === undefined ? "allows it" : `no: ${lacks}`,
    ]);
    return [
      `${allowed ? "yes" : "no"}: ${principal.name} ${allowed ? "may" : "may not"} ${verb} ${what}`,
      rows.length > 0 ? table(["ROLE", "WHERE", "PARTICIPANT", "ANSWER"], rows) : "nothing is granted",
      ...notes,
    ].join("\n");
  });
  if (!allowed) process.exitCode = exitCodes.PERMISSION_DENIED;
}
