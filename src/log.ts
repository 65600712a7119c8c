import { Writable } from "node:stream";
import { createLogger, format, type Logger, transports } from "winston";
import { LineWriter } from "./line-writer.js";
import type { logFormats, logLevels } from "./options.js";

/** A log on the standard error: one line each, as JSON or to be read. */
export function createLog(level: (typeof logLevels)[number], style: (typeof logFormats)[number]): Logger {
  // Not winston's own timestamp and json, which take twice the time: this is done for every call.
  const line = style === "json" ? json : readable;
  const lost = (count: number) =>
    `${line({ level: "warn", message: "lines of the log were lost: it could not be written", lost: count })}\n`;
  writer = new LineWriter(lost);
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      writer?.write(text);
      done();
    },
  });
  return createLogger({ level, format: format.printf(line), transports: [new transports.Stream({ stream })] });
}

/** The standard error is one, whatever writes to it. */
let writer: LineWriter | undefined;

/** The lines that were lost so far, by where they should have gone. */
export const droppedLines = (): { target: string; count: number }[] => [
  { target: "stderr", count: writer?.lostInAll ?? 0 },
];

/** Waits until what was logged is written, as far as it can be. */
export async function flushLog(): Promise<void> {
  await writer?.flush();
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
