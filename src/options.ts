import { defaultPort, joinAddress, readAddress, readHost, readHostName, readOrigin } from "./address.js";
import { readToken, readTokenFile } from "./bearer-token.js";
import { limits } from "./limits.js";
import { duration, listOf, oneOf, optional, setting, whole, yesOrNo } from "./settings.js";
import { databaseUrlForms, parseDatabaseUrl } from "./storage/database-url.js";
import { logTargetForms, readLogTarget } from "./telemetry/log-target.js";
import { readCertificates, readKey } from "./tls-files.js";

/** The levels that a log can have, from the fewest lines to the most. */
export const logLevels = ["error", "warn", "info", "debug"] as const;
export const logFormats = ["text", "json"] as const;

/** The name of a file that is read later. */
const readPath = (text: string): string => {
  if (text === "") throw new Error("must name a file");
  return text;
};

const megabytes = 2 ** 20;
const most = 2 ** 31 - 1;

/** Reads a name that goes into the log. */
function readLogId(text: string): string {
  if (/^[\w.-]{1,64}$/.test(text)) return text;
  throw new Error("must be 1 to 64 letters, digits, points, dashes or underscores");
}

/** Reads a token that goes into a header. */
function readMetricsToken(text: string): string {
  if (/^[\x21-\x7e]{16,200}$/.test(text)) return text;
  throw new Error("must be 16 to 200 visible characters of ASCII, without blanks");
}

/** What every command that opens the database takes. */
export const databaseSettings = {
  databaseUrl: {
    ...setting(
      "--database-url <url>",
      "ARCHIVE_DATABASE_URL",
      "sqlite:data/archive.db",
      parseDatabaseUrl,
      `where records are kept: ${databaseUrlForms}; for TLS add ?tls=verify, tls=required (unverified), tls-ca=FILE, tls-cert=FILE, tls-key=FILE`,
    ),
    secret: true,
  },
  poolSize: setting(
    "--pool-size <connections>",
    "ARCHIVE_POOL_SIZE",
    16,
    whole(1, 1000),
    "the most connections to a database server, a quarter of them for reads alone; streams use up to a quarter as many more, control two",
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
  host: setting("--host <address>", "ARCHIVE_HOST", "127.0.0.1", readHost, "the address to listen on; 0.0.0.0 for all"),
  port: setting(
    "--port <number>",
    "ARCHIVE_PORT",
    defaultPort,
    whole(0, 65535),
    "the port to listen on; 0 for any that is free",
  ),
  httpPort: optional(
    "--http-port <number>",
    "ARCHIVE_HTTP_PORT",
    whole(0, 65535),
    "serve HTTP too, on this port of the same address: Connect, gRPC-Web, /livez and /readyz; 0 for any that is free",
  ),
  httpAllowHosts: setting(
    "--http-allow-hosts <names>",
    "ARCHIVE_HTTP_ALLOW_HOSTS",
    "",
    listOf(readHostName),
    "public names of this server, by commas, under which browsers may call it; * for any. Addresses and private names are allowed",
  ),
  httpAllowOrigins: setting(
    "--http-allow-origins <origins>",
    "ARCHIVE_HTTP_ALLOW_ORIGINS",
    "",
    listOf(readOrigin),
    "origins, by commas, whose pages may call this server, such as https://grid.example.org",
  ),
  metricsToken: {
    ...optional(
      "--metrics-token <token>",
      "ARCHIVE_METRICS_TOKEN",
      readMetricsToken,
      "who reads /metrics must have this token; without one anybody may, or with --access this machine alone",
    ),
    secret: true,
  },
  workers: setting(
    "--workers <number>",
    "ARCHIVE_WORKERS",
    1,
    whole(1, 256),
    "server processes that share the port, each with a pool of its own; for MySQL and MariaDB",
  ),
  ...databaseSettings,
  logTarget: optional(
    "--log-target <url>",
    "ARCHIVE_LOG_TARGET",
    (text) => readLogTarget(text, readCertificates),
    `send the log to a Graylog too: ${logTargetForms}`,
  ),
  logId: setting(
    "--log-id <name>",
    "ARCHIVE_LOG_ID",
    "archive",
    readLogId,
    "by what name the Graylog knows this server: its lines have the logger ARC_ and this",
  ),
  logCensored: setting(
    "--log-censored <yes|no>",
    "ARCHIVE_LOG_CENSORED",
    "no",
    yesOrNo,
    "leave ids of records, addresses and causes of errors out of the log",
  ),
  tlsCert: optional("--tls-cert <file>", "ARCHIVE_TLS_CERT", readCertificates, "serve TLS with this certificate (PEM)"),
  tlsKey: optional("--tls-key <file>", "ARCHIVE_TLS_KEY", readKey, "the certificate's key (PEM)"),
  tlsClientCa: optional(
    "--tls-client-ca <file>",
    "ARCHIVE_TLS_CLIENT_CA",
    readCertificates,
    "take only clients with a certificate of this authority (PEM): mutual TLS",
  ),
  tlsClientAuth: setting(
    "--tls-client-auth <whether>",
    "ARCHIVE_TLS_CLIENT_AUTH",
    "require",
    oneOf(["require", "optional"]),
    "whether clients need such a certificate, or may have a token of --access in its place: require, optional",
  ),
  access: optional(
    "--access <file>",
    "ARCHIVE_ACCESS",
    readPath,
    "who may do what (YAML, see docs/access.md); read again when it changes. Without, everybody may do everything",
  ),
  open: optional(
    "--open",
    "ARCHIVE_OPEN",
    yesOrNo,
    "let everybody who reaches an address beyond this machine read and change everything",
  ),
  maxConnectionAge: setting(
    "--max-connection-age <ms>",
    "ARCHIVE_MAX_CONNECTION_AGE",
    1_800_000,
    whole(1000, most),
    "after how long a connection is to be made anew, with --access or --tls-client-ca",
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
  maxRecordValues: setting(
    "--max-record-values <number>",
    "ARCHIVE_MAX_RECORD_VALUES",
    limits.valuesOfRecord,
    whole(1000, 1_000_000),
    "the most values (numbers, texts, members, items) of a record in a request; others wait for 60 ms for each 100,000",
  ),
  answerMemory: setting(
    "--answer-memory <bytes>",
    "ARCHIVE_ANSWER_MEMORY",
    48 * megabytes,
    whole(1024, most),
    "the memory for large answers, from their rows until their clients have them",
  ),
  maxCalls: setting(
    "--max-calls <number>",
    "ARCHIVE_MAX_CALLS",
    1000,
    whole(20, 100_000),
    "the most calls at a time of a process; streams and imports are refused from 0.6 of it on, lists from 0.7, writes from 0.85",
  ),
  principalMaxCalls: optional(
    "--principal-max-calls <number>",
    "ARCHIVE_PRINCIPAL_MAX_CALLS",
    whole(1, 100_000),
    "the most calls at a time of one principal at a process, with --access (default: half of --max-calls)",
  ),
  principalRate: optional(
    "--principal-rate <calls>",
    "ARCHIVE_PRINCIPAL_RATE",
    whole(1, 1_000_000),
    "the most calls a second of one principal at a process, with --access; those of two seconds can come at once",
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
  keepChanges: setting(
    "--keep-changes <time>",
    "ARCHIVE_KEEP_CHANGES",
    "30d",
    duration,
    "how long changes are kept for watches and the history: 30d, 12h, 90m",
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
  address: setting(
    "--address <host:port>",
    "ARCHIVE_ADDRESS",
    joinAddress("127.0.0.1", defaultPort),
    readAddress,
    "the server to ask",
  ),
  tls: optional("--tls", "ARCHIVE_TLS", yesOrNo, "connect by TLS, as the following options imply"),
  tlsCa: optional("--tls-ca <file>", "ARCHIVE_TLS_CA", readCertificates, "trust this authority (PEM)"),
  tlsCert: optional("--tls-cert <file>", "ARCHIVE_TLS_CLIENT_CERT", readCertificates, "show this certificate (PEM)"),
  tlsKey: optional("--tls-key <file>", "ARCHIVE_TLS_CLIENT_KEY", readKey, "the certificate's key (PEM)"),
  tlsServerName: optional(
    "--tls-server-name <name>",
    "ARCHIVE_TLS_SERVER_NAME",
    readHost,
    "the name that the server's certificate is for, where it is not that of the address",
  ),
  token: {
    ...optional(
      "--token <token>",
      "ARCHIVE_TOKEN",
      readToken,
      "show this bearer token; other users of the machine can read it here, not in a file or in the variable",
    ),
    secret: true,
  },
  tokenFile: optional(
    "--token-file <file>",
    "ARCHIVE_TOKEN_FILE",
    readTokenFile,
    "show the bearer token in this file, read again for each call",
  ),
  timeout: setting("--timeout <ms>", "ARCHIVE_TIMEOUT", 3000, whole(1, 600_000), "how long to wait for an answer"),
};

/** What every command takes that sends or gets records without end. */
export const bulkSettings = {
  ...clientSettings,
  timeout: optional(
    "--timeout <ms>",
    "ARCHIVE_TIMEOUT",
    whole(1, 600_000),
    "how long the server may be silent (default: 3000 to connect, then 60000)",
  ),
};
