import { accessSync, constants, readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { logFormats, logLevels } from "./log.js";
import { databaseUrlForms, parseDatabaseUrl } from "./storage/database-url.js";

/** An option of the command line, which an environment variable can set too. */
interface Setting<Value> {
  /** As commander takes it: "--port <number>". */
  readonly flags: string;
  readonly variable: string;
  /** Its text in the help. */
  readonly text: string;
  /** Reads the value; throws an Error that says what is wrong with it, as a sentence's end. */
  read(text: string): Value;
  readonly default?: string;
}

const optional = <Value>(flags: string, variable: string, read: (text: string) => Value, text: string) => ({
  flags,
  variable,
  read,
  text,
});

const setting = <Value>(
  flags: string,
  variable: string,
  preset: string | number,
  read: (text: string) => Value,
  text: string,
) => ({ ...optional(flags, variable, read, text), default: String(preset) });

const text = (value: string) => value;

const whole =
  (least: number, most: number) =>
  (value: string): number => {
    const number = Number(value);
    if (value.trim() === "" || !Number.isInteger(number) || number < least || number > most) {
      throw new Error(`must be a whole number from ${least} to ${most}`);
    }
    return number;
  };

const oneOf =
  <const Choice extends string>(choices: readonly Choice[]) =>
  (value: string): Choice => {
    const found = choices.find((choice) => choice === value);
    if (!found) throw new Error(`must be one of ${choices.join(", ")}`);
    return found;
  };

const file = (path: string): Buffer => {
  try {
    accessSync(path, constants.R_OK);
    return readFileSync(path);
  } catch (error) {
    throw new Error(`names a file that cannot be read (${(error as NodeJS.ErrnoException).code}): ${path}`);
  }
};

const megabytes = 2 ** 20;
const most = 2 ** 31 - 1;

/** What every command that opens the database takes. */
export const databaseSettings = {
  databaseUrl: setting(
    "--database-url <url>",
    "ARCHIVE_DATABASE_URL",
    "sqlite:data/archive.db",
    parseDatabaseUrl,
    `where records are kept: ${databaseUrlForms}; for TLS add ?tls=verify, tls=required (unverified), tls-ca=FILE, tls-cert=FILE, tls-key=FILE`,
  ),
  poolSize: setting(
    "--pool-size <connections>",
    "ARCHIVE_POOL_SIZE",
    16,
    whole(1, 1000),
    "the most connections to a database server; streams use up to half as many more",
  ),
  poolTimeout: setting(
    "--pool-timeout <ms>",
    "ARCHIVE_POOL_TIMEOUT",
    5000,
    whole(1, 600_000),
    "how long a call waits for a connection before it is UNAVAILABLE",
  ),
  logLevel: setting("--log-level <level>", "ARCHIVE_LOG_LEVEL", "info", oneOf(logLevels), logLevels.join(", ")),
  logFormat: setting("--log-format <format>", "ARCHIVE_LOG_FORMAT", "text", oneOf(logFormats), logFormats.join(", ")),
};

/** What serve takes. */
export const serveSettings = {
  host: setting("--host <address>", "ARCHIVE_HOST", "127.0.0.1", text, "the address to listen on; 0.0.0.0 for all"),
  port: setting(
    "--port <number>",
    "ARCHIVE_PORT",
    50051,
    whole(0, 65535),
    "the port to listen on; 0 for any that is free",
  ),
  workers: setting(
    "--workers <number>",
    "ARCHIVE_WORKERS",
    1,
    whole(1, 256),
    "server processes that share the port, each with a pool of its own; for MySQL and MariaDB",
  ),
  ...databaseSettings,
  tlsCert: optional("--tls-cert <file>", "ARCHIVE_TLS_CERT", file, "serve TLS with this certificate (PEM)"),
  tlsKey: optional("--tls-key <file>", "ARCHIVE_TLS_KEY", file, "the certificate's key (PEM)"),
  tlsClientCa: optional(
    "--tls-client-ca <file>",
    "ARCHIVE_TLS_CLIENT_CA",
    file,
    "take only clients with a certificate of this authority (PEM): mutual TLS",
  ),
  maxReceiveSize: setting(
    "--max-receive-size <bytes>",
    "ARCHIVE_MAX_RECEIVE_SIZE",
    64 * megabytes,
    whole(1024, most),
    "the largest request",
  ),
  maxSendSize: setting(
    "--max-send-size <bytes>",
    "ARCHIVE_MAX_SEND_SIZE",
    64 * megabytes,
    whole(1024, most),
    "the largest response",
  ),
  maxStreams: setting(
    "--max-concurrent-streams <number>",
    "ARCHIVE_MAX_CONCURRENT_STREAMS",
    100,
    whole(1, most),
    "the most calls at a time on one connection",
  ),
  keepaliveTime: setting(
    "--keepalive-time <ms>",
    "ARCHIVE_KEEPALIVE_TIME",
    60_000,
    whole(1000, most),
    "how often an idle connection is pinged",
  ),
  keepaliveTimeout: setting(
    "--keepalive-timeout <ms>",
    "ARCHIVE_KEEPALIVE_TIMEOUT",
    20_000,
    whole(1000, most),
    "how long a ping may take before its connection is closed",
  ),
  grace: setting(
    "--grace <ms>",
    "ARCHIVE_GRACE",
    10_000,
    whole(0, 600_000),
    "how long running calls may take to end after SIGTERM or SIGINT; a second signal ends at once",
  ),
};

/** What every command that asks a server takes. */
export const clientSettings = {
  address: setting("--address <host:port>", "ARCHIVE_ADDRESS", "127.0.0.1:50051", text, "the server to ask"),
  tls: optional("--tls", "ARCHIVE_TLS", () => true, "connect by TLS, as the following options imply"),
  tlsCa: optional("--tls-ca <file>", "ARCHIVE_TLS_CA", file, "trust this authority (PEM)"),
  tlsCert: optional("--tls-cert <file>", "ARCHIVE_TLS_CLIENT_CERT", file, "show this certificate (PEM)"),
  tlsKey: optional("--tls-key <file>", "ARCHIVE_TLS_CLIENT_KEY", file, "the certificate's key (PEM)"),
  timeout: setting("--timeout <ms>", "ARCHIVE_TIMEOUT", 3000, whole(1, 600_000), "how long to wait for an answer"),
};

type Settings = Readonly<Record<string, Setting<unknown>>>;

/** The values that settings read, undefined only where there is neither a value nor a default. */
export type Values<Table extends Settings> = {
  readonly [Name in keyof Table]:
    | ReturnType<Table[Name]["read"]>
    | (Table[Name] extends { readonly default: string } ? never : undefined);
};

/** Adds options to a command. */
export function addOptions(command: Command, settings: Settings): Command {
  for (const { flags, variable, default: preset, text: description } of Object.values(settings)) {
    const option = new Option(flags, description).env(variable);
    command.addOption(preset === undefined ? option : option.default(preset));
  }
  return command;
}

/** Reads a command's options. Throws one Error that says everything that is wrong with them. */
export function readOptions<Table extends Settings>(command: Command, settings: Table): Values<Table> {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, { flags, variable, read }] of Object.entries(settings)) {
    const flag = flags.split(" ")[0] as string;
    const attribute = new Option(flags).attributeName();
    const given: unknown = command.getOptionValue(attribute);
    if (given === undefined) continue;
    try {
      values[name] = read(String(given));
    } catch (error) {
      const source = command.getOptionValueSource(attribute) === "env" ? variable : flag;
      faults.push(`${source} ${(error as Error).message}`);
    }
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return values as Values<Table>;
}
