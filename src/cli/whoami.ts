import type { Connection, Json } from "./connection.js";
import { output } from "./output.js";
import type { OutputFormat } from "./output-format.js";
import { placeOf } from "./place-of.js";
import { shortTime } from "./short-time.js";
import { table } from "./table.js";

export interface WhoAmIOptions {
  readonly output: OutputFormat;
}

/** Shows who asks, as the server sees it, and what it is granted. */
export async function whoAmI(connection: Connection, _: string[], { output: format }: WhoAmIOptions) {
  const response = await connection.call("ArchiveService", "WhoAmI", {});
  output(format, response, () => shown(response));
}

function shown({ principal, grants, expires_at }: Json): string {
  if (!principal) return "nobody by name: access is off, and everybody may do everything";
  const rows = ((grants ?? []) as Json[]).map(({ role, scope, participant_id, sees }) => [
    String(role),
    placeOf((scope ?? {}) as Json),
    String(participant_id ?? "-"),
    ((sees ?? []) as string[]).map((level) => level.replace("SENSITIVITY_", "").toLowerCase()).join(", ") || "-",
  ]);
  const expiry = expires_at ? `expires ${shortTime(expires_at)}` : "does not expire";
  return [
    `${principal} (${expiry})`,
    rows.length > 0 ? table(["ROLE", "WHERE", "PARTICIPANT", "SEES"], rows) : "nothing is granted",
  ].join("\n");
}
