import { createLogger, format, type Logger } from "winston";
import TransportStream from "winston-transport";
import { LineWriter } from "./line-writer.js";
import type { serveSettings } from "./options.js";
import type { Values } from "./settings.js";
import { GelfLog } from "./telemetry/gelf-log.js";

type LogOptions = Pick<Values<typeof serveSettings>, "logLevel" | "logFormat" | "logTarget" | "logId" | "logCensored">;

/** Where winston has the text of a line. */
const text = Symbol.for("message");

/** How long the last lines may take to a Graylog, in milliseconds. */
const patience = 2000;

/** A log on the standard error, one line each, as JSON or to be read; and to a Graylog, if there is one. */
export function createLog({ logLevel, logFormat, logTarget, logId, logCensored }: LogOptions): Logger {
  // Not winston's own timestamp and json, which take twice the time: this is done for every call.
  const line = logFormat === "json" ? json : readable;
  const lost = (count: number) =>
    `${line({ level: "warn", message: "lines of the log were lost: it could not be written", lost: count })}\n`;
  writer = new LineWriter(lost);
  graylog = logTarget && new GelfLog(logTarget, `ARC_${logId}`);
  // One transport for both: winston takes longer to hand a line to another than that takes to write it.
  const transport = new TransportStream({
    log(entry: Record<string | symbol, unknown>, next) {
      writer?.write(`${entry[text]}\n`);
      graylog?.add(entry);
      next();
    },
  });
  return createLogger({
    level: logLevel,
    format: logCensored ? format.combine(censored(), format.printf(line)) : format.printf(line),
    transports: [transport],
  });
}

/** Leaves out what tells records, people and machines from each other. */
const censored = format((entry) => {
  for (const name of ["key", "keys", "peer", "principal", "error"]) delete entry[name];
  return entry;
});

/** The standard error is one, whatever writes to it. */
let writer: LineWriter | undefined;
let graylog: GelfLog | undefined;

/** The lines that were lost so far, by where they should have gone. */
export const droppedLines = (): { target: string; count: number }[] => [
  { target: "stderr", count: writer?.lostInAll ?? 0 },
  ...(graylog ? [{ target: "graylog", count: graylog.dropped }] : []),
];

/** Waits until what was logged is written, as far as it can be. */
export async function flushLog(): Promise<void> {
  await Promise.all([writer?.flush(), graylog?.flush(patience)]);
}

const now = () => new Date().toISOString();

const json = (entry: Record<string, unknown>): string => JSON.stringify({ timestamp: now(), ...entry });

function readable({ level, message, ...rest }: Record<string, unknown>): string {
  const fields = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === "string" ? quoted(value) : JSON.stringify(value)}`);
  return [now(), String(level).toUpperCase().padEnd(5), message, ...fields].join(" ");
}

const quoted = (text: string) => (/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text));
