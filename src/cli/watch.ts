import { setTimeout as delay } from "node:timers/promises";
import type { Ids } from "../records/ids.js";
import { jsonText } from "../records/json-text.js";
import { changeScope, type ScopeOptions } from "./change-scope.js";
import { changeColumns } from "./change-text.js";
import { type Connection, type Json, messageJson } from "./connection.js";
import { exitCodes, Failure } from "./failure.js";
import { keyText, typeNamed } from "./record-name.js";
import { note, print } from "./terminal.js";

export interface WatchOptions extends ScopeOptions {
  readonly output: "text" | "json";
  readonly since?: string;
  readonly existing?: true;
}

/** How long to wait before a server is asked again, in milliseconds. */
const pause = { least: 500, most: 10_000 };

/** Writes changes as they are committed, until it is ended: then it says how to go on. */
export async function watch(connection: Connection, parameters: string[], options: WatchOptions): Promise<void> {
  const scope = changeScope(parameters, options);
  let start: Json = startOf(options);
  let wait = pause.least;
  const ended = () => {
    if (typeof start.resume_token === "string") note(`go on with --since ${start.resume_token}`);
    process.exit(130);
  };
  process.once("SIGINT", ended);
  for (;;) {
    try {
      for await (const message of connection.stream("ArchiveService", "Watch", { ...scope, ...start })) {
        const response = messageJson(message);
        write(response, options.output);
        if (response.resume_token) start = { resume_token: response.resume_token };
        wait = pause.least;
      }
      throw new Failure(exitCodes.UNAVAILABLE, "UNAVAILABLE", "the server ended the watch");
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { exitCode, reason, message } = error;
      if (reason === "REVISION_COMPACTED" || reason === "HISTORY_CHANGED") {
        note(`${message} It begins anew: what was changed meanwhile is not shown.`);
        start = options.existing ? { include_existing: true } : {};
        continue;
      }
      if (exitCode !== exitCodes.UNAVAILABLE && exitCode !== exitCodes.DEADLINE_EXCEEDED) throw error;
      note(`${message} It is tried again.`);
    }
    await delay(wait);
    wait = Math.min(2 * wait, pause.most);
  }
}

function startOf({ since, existing }: WatchOptions): Json {
  if (since === undefined) return existing ? { include_existing: true } : {};
  return /^\d+$/.test(since) ? { after_revision: since } : { resume_token: since };
}

function write(response: Json, format: "text" | "json"): void {
  if (format === "json") {
    print(jsonText(response));
    return;
  }
  for (const record of (response.existing ?? []) as Json[]) {
    const [[field, value] = ["", {}]] = Object.entries(record);
    print(`existing  ${field} ${keyText(typeNamed(field), (value as Json).key as Ids)}`);
  }
  for (const change of (response.changes ?? []) as Json[]) print(changeColumns(change).join("  ").trimEnd());
}
