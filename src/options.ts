import { accessSync, constants, readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { logFormats, logLevels } from "./log.js";
import { databaseUrlForms, parseDatabaseUrl } from "./storage/database-url.js";

/** An option of the command line, which an environment variable can set too. */
interface Setting<Value> {
  /** As commander takes it: "--port <number>". */
  readonly flags: string;
  readonly variable: string;
  readonly default?: string;
  readonly text: string;
  /** Reads the value; throws an Error that says what is wrong with it, as a sentence's end. */
  read(text: string): Value;
}

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

export const databaseSettings = {
  databaseUrl: {
    flags: "--database-url <url>",
    variable: "ARCHIVE_DATABASE_URL",
    default: "sqlite:data/archive.db",
    text: `where records are kept: ${databaseUrlForms}; for TLS add ?tls=verify, tls=required (unverified), tls-ca=FILE, tls-cert=FILE, tls-key=FILE`,
    read: parseDatabaseUrl,
  },
  poolSize: {
    flags: "--pool-size <connections>",
    variable: "ARCHIVE_POOL_SIZE",
    default: "16",
    text: "the most connections to a database server; streams use up to half as many more",
    read: whole(1, 1000),
  },
  poolTimeout: {
    flags: "--pool-timeout <ms>",
    variable: "ARCHIVE_POOL_TIMEOUT",
    default: "5000",
    text: "how long a call waits for a connection before it is UNAVAILABLE",
    read: whole(1, 600_000),
  },
  logLevel: {
    flags: "--log-level <level>",
    variable: "ARCHIVE_LOG_LEVEL",
    default: "info",
    text: logLevels.join(", "),
    read: oneOf(logLevels),
  },
  logFormat: {
    flags: "--log-format <format>",
    variable: "ARCHIVE_LOG_FORMAT",
    default: "text",
    text: logFormats.join(", "),
    read: oneOf(logFormats),
  },
};

export const serveSettings = {
  host: {
    flags: "--host <address>",
    variable: "ARCHIVE_HOST",
    default: "127.0.0.1",
    text: "the address to listen on; 0.0.0.0 for all",
    read: text,
  },
  port: {
    flags: "--port <number>",
    variable: "ARCHIVE_PORT",
    default: "50051",
    text: "the port to listen on; 0 for any that is free",
    read: whole(0, 65535),
  },
  ...databaseSettings,
  tlsCert: {
    flags: "--tls-cert <file>",
    variable: "ARCHIVE_TLS_CERT",
    text: "serve TLS with this certificate (PEM)",
    read: file,
  },
  tlsKey: { flags: "--tls-key <file>", variable: "ARCHIVE_TLS_KEY", text: "the certificate's key (PEM)", read: file },
  tlsClientCa: {
    flags: "--tls-client-ca <file>",
    variable: "ARCHIVE_TLS_CLIENT_CA",
    text: "take only clients with a certificate of this authority (PEM): mutual TLS",
    read: file,
  },
  maxReceiveSize: {
    flags: "--max-receive-size <bytes>",
    variable: "ARCHIVE_MAX_RECEIVE_SIZE",
    default: String(64 * 2 ** 20),
    text: "the largest request",
    read: whole(1024, 2 ** 31 - 1),
  },
  maxSendSize: {
    flags: "--max-send-size <bytes>",
    variable: "ARCHIVE_MAX_SEND_SIZE",
    default: String(64 * 2 ** 20),
    text: "the largest response",
    read: whole(1024, 2 ** 31 - 1),
  },
  maxStreams: {
    flags: "--max-concurrent-streams <number>",
    variable: "ARCHIVE_MAX_CONCURRENT_STREAMS",
    default: "100",
    text: "the most calls at a time on one connection",
    read: whole(1, 2 ** 31 - 1),
  },
  keepaliveTime: {
    flags: "--keepalive-time <ms>",
    variable: "ARCHIVE_KEEPALIVE_TIME",
    default: "60000",
    text: "how often an idle connection is pinged",
    read: whole(1000, 2 ** 31 - 1),
  },
  keepaliveTimeout: {
    flags: "--keepalive-timeout <ms>",
    variable: "ARCHIVE_KEEPALIVE_TIMEOUT",
    default: "20000",
    text: "how long a ping may take before its connection is closed",
    read: whole(1000, 2 ** 31 - 1),
  },
  grace: {
    flags: "--grace <ms>",
    variable: "ARCHIVE_GRACE",
    default: "10000",
    text: "how long running calls may take to end after SIGTERM or SIGINT; a second signal ends at once",
    read: whole(0, 600_000),
  },
};

export const healthSettings = {
  address: {
    flags: "--address <host:port>",
    variable: "ARCHIVE_ADDRESS",
    default: "127.0.0.1:50051",
    text: "the server to ask",
    read: text,
  },
  tls: {
    flags: "--tls",
    variable: "ARCHIVE_TLS",
    text: "connect by TLS, as the following options imply",
    read: () => true,
  },
  tlsCa: { flags: "--tls-ca <file>", variable: "ARCHIVE_TLS_CA", text: "trust this authority (PEM)", read: file },
  tlsCert: {
    flags: "--tls-cert <file>",
    variable: "ARCHIVE_TLS_CLIENT_CERT",
    text: "show this certificate (PEM)",
    read: file,
  },
  tlsKey: {
    flags: "--tls-key <file>",
    variable: "ARCHIVE_TLS_CLIENT_KEY",
    text: "the certificate's key (PEM)",
    read: file,
  },
  timeout: {
    flags: "--timeout <ms>",
    variable: "ARCHIVE_TIMEOUT",
    default: "3000",
    text: "how long to wait for an answer",
    read: whole(1, 600_000),
  },
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
