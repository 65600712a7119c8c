import { hostname } from "node:os";

/** The levels of syslog, by winston's. */
const severities: Readonly<Record<string, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** Members that GELF or Graylog keep for themselves, and what they are called here. */
const renamed: Readonly<Record<string, string>> = { id: "entry_id", message: "text" };

const host = hostname();

/** What every message begins with, for each logger: made once, as a message is made for each call. */
const beginnings = new Map<string, string>();

function beginningOf(logger: string): string {
  const known = beginnings.get(logger);
  if (known) return known;
  const begins = { version: "1.1", host, _logger: logger, _ID_path: "synergos.archive.v1" };
  const made = JSON.stringify(begins).slice(0, -1);
  beginnings.set(logger, made);
  return made;
}

/** "RunService/GetRun" is the line of a call. */
const call = /^(\w+Service)\/(\w+)$/;

/** What a message says of what it is about, for as many as there are methods: made once, too. Callers may ask for others. */
const subjects = new Map<string, string>();
const mostSubjects = 256;
const longestSubject = 100;

function subjectOf(message: string): string {
  const known = subjects.get(message);
  if (known) return known;
  const [, service = "Archive", method = "-"] = call.exec(message) ?? [];
  const made = `,"short_message":${quoted(message || "-")},"_ID_class":${quoted(service)},"_ID_function":${quoted(method)}`;
  if (subjects.size >= mostSubjects) subjects.clear();
  if (message.length <= longestSubject) subjects.set(message, made);
  return made;
}

/**
 * A line of the log as GELF 1.1, with the fields that the grid's streams match on. Fields of an object, such as the ids
 * of a key, become fields of their own.
 */
export function gelfMessage(entry: Readonly<Record<string, unknown>>, logger: string, time = Date.now()): string {
  const message = String(entry.message);
  const { reason } = entry;
  const description = reason === undefined ? message : `${message}: ${String(reason)}`;
  // An object of ever other members and its text would take twice the time.
  let gelf =
    `${beginningOf(logger)}${subjectOf(message)},"timestamp":${time / 1000},` +
    `"level":${severities[String(entry.level)] ?? 6},"_description":${quoted(description)}`;
  for (const name in entry) {
    const value = entry[name];
    if (name === "level" || name === "message" || value === undefined || value === null) continue;
    if (name === "error") gelf += `,"full_message":${quoted(String(value))}`;
    else if (name === "key" && typeof value === "object") gelf += membersOf(value);
    else gelf += member(name, value);
  }
  return `${gelf}}`;
}

const quoted = (text: string): string => JSON.stringify(text);

function membersOf(fields: object): string {
  let members = "";
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) members += member(name, value);
  }
  return members;
}

/** GELF takes texts and numbers, under names of some characters only. */
function member(name: string, value: unknown): string {
  if (typeof value === "number" && Number.isFinite(value)) return `${beginningOfMember(name)}${value}`;
  return `${beginningOfMember(name)}${quoted(typeof value === "string" ? value : JSON.stringify(value))}`;
}

/** How fields begin: all names come from the archive, so there are few. */
const members = new Map<string, string>();

function beginningOfMember(name: string): string {
  const known = members.get(name);
  if (known) return known;
  const made = `,"_${(renamed[name] ?? name).replace(/[^\w.-]/g, "_")}":`;
  members.set(name, made);
  return made;
}
