import { createLogger, format, type Logger, transports } from "winston";

/** The levels that a log can have, from the fewest lines to the most. */
export const logLevels = ["error", "warn", "info", "debug"] as const;
export const logFormats = ["text", "json"] as const;

/** A log on the standard error: one line each, as JSON or to be read. */
export function createLog(level: (typeof logLevels)[number], style: (typeof logFormats)[number]): Logger {
  return createLogger({
    level,
    format: format.combine(format.timestamp(), style === "json" ? format.json() : format.printf(readable)),
    transports: [new transports.Console({ stderrLevels: [...logLevels] })],
  });
}

function readable({ timestamp, level, message, ...rest }: Record<string, unknown>): string {
  const fields = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === "string" ? quoted(value) : JSON.stringify(value)}`);
  return [timestamp, String(level).toUpperCase().padEnd(5), message, ...fields].join(" ");
}

const quoted = (text: string) => (/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text));
