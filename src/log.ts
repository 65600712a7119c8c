import { Writable } from "node:stream";
import { createLogger, format, type Logger, transports } from "winston";

/** The levels that a log can have, from the fewest lines to the most. */
export const logLevels = ["error", "warn", "info", "debug"] as const;
export const logFormats = ["text", "json"] as const;

/** A log on the standard error: one line each, as JSON or to be read. */
export function createLog(level: (typeof logLevels)[number], style: (typeof logFormats)[number]): Logger {
  // Not winston's own timestamp and json, which take twice the time: this is done for every call.
  const line = format.printf(style === "json" ? json : readable);
  return createLogger({ level, format: line, transports: [new transports.Stream({ stream: standardError() })] });
}

/** The standard error. Each write waits for it, so all lines of one turn of the event loop are written at once. */
function standardError(): Writable {
  let lines = "";
  const flush = () => {
    const text = lines;
    lines = "";
    if (text) process.stderr.write(text);
  };
  process.once("exit", flush);
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      if (!lines) setImmediate(flush);
      lines += line;
      done();
    },
  });
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
