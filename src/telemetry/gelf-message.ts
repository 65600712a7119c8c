import { hostname } from "node:os";

/** The levels of syslog, by winston's. */
const severities: Readonly<Record<string, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** Members that GELF or Graylog keep for themselves, and what they are called here. */
const renamed: Readonly<Record<string, string>> = { id: "entry_id", message: "text" };

const host = hostname();

/**
 * A line of the log as GELF 1.1, with the fields that the grid's streams match on. Fields of an object, such as the ids
 * of a key, become fields of their own.
 */
export function gelfMessage(entry: Readonly<Record<string, unknown>>, logger: string, now = Date.now()): string {
  const { level, message, key, error, reason, ...rest } = entry;
  const text = String(message);
  // "RunService/GetRun" is the line of a call.
  const [, service = "", method = ""] = /^(\w+Service)\/(\w+)$/.exec(text) ?? [];
  const gelf: Record<string, unknown> = {
    version: "1.1",
    host,
    short_message: text || "-",
    timestamp: now / 1000,
    level: severities[String(level)] ?? 6,
    _logger: logger,
    _description: reason === undefined ? text : `${text}: ${String(reason)}`,
    _ID_path: "synergos.archive.v1",
    _ID_class: service || "Archive",
    _ID_function: method || "-",
  };
  if (error !== undefined) gelf.full_message = String(error);
  for (const [name, value] of Object.entries({ reason, ...rest, ...fieldsOf(key) })) add(gelf, name, value);
  return JSON.stringify(gelf);
}

const fieldsOf = (key: unknown): object => (typeof key === "object" && key !== null ? key : {});

/** GELF takes texts and numbers, under names of some characters only. */
function add(gelf: Record<string, unknown>, name: string, value: unknown): void {
  if (value === undefined || value === null) return;
  const field = `_${(renamed[name] ?? name).replace(/[^\w.-]/g, "_")}`;
  gelf[field] = typeof value === "number" || typeof value === "string" ? value : JSON.stringify(value);
}
