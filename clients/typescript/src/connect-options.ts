import { type ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";
import { checkedToken, type Token } from "./bearer-token.js";
import { checkMetadata, checkObject, checkTimeout } from "./call-options.js";
import { type ChannelAddress, channelAddress } from "./channel-address.js";
import { invalid } from "./invalid-argument.js";

/** How to reach an archive. */
export interface ConnectOptions {
  /** Connect by TLS: true for the system's authorities. An address that begins with grpcs:// implies it. */
  readonly tls?: boolean | TlsOptions | undefined;
  /**
   * A bearer token, or what gets the one to send with a call; white space around it is left out. It is sent by TLS, or
   * to an archive on this machine.
   */
  readonly token?: Token;
  /** Sends the token to another machine without TLS too, where something else protects the way. */
  readonly allowTokenWithoutTls?: boolean | undefined;
  /** How long a call may take, in milliseconds, unless it says otherwise; 30,000 unless set. Streams may take any time. */
  readonly timeout?: number | undefined;
  /** Sent with every call. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether calls are sent again: reads while the archive is away, writes if they were never sent, and both if they
   * lost a conflict; true unless set.
   */
  readonly retry?: boolean | undefined;
  /** The largest message, either way, in bytes; 64 MiB unless set, as the archive has it. */
  readonly maxMessageSize?: number | undefined;
  /** Any other option of grpc-js. */
  readonly channelOptions?: ChannelOptions | undefined;
}

/** All in PEM. */
export interface TlsOptions {
  /** The authorities to trust, instead of the system's. */
  readonly ca?: string | Uint8Array | undefined;
  /** The client's certificate and its key, for mutual TLS. */
  readonly cert?: string | Uint8Array | undefined;
  readonly key?: string | Uint8Array | undefined;
  /** The name in the server's certificate, where it is not that of the address. */
  readonly serverName?: string | undefined;
}

/** All that a connection needs, once it is known to be right. */
export interface Connection {
  /** The address, for errors. */
  readonly address: string;
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly channel: ChannelOptions;
  readonly token: Token | undefined;
  readonly timeout: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retry: boolean;
  readonly maxMessageSize: number;
}

type Names<Options> = { readonly [Name in keyof Required<Options>]: true };

const names: Names<ConnectOptions> = {
  tls: true,
  token: true,
  allowTokenWithoutTls: true,
  timeout: true,
  metadata: true,
  retry: true,
  maxMessageSize: true,
  channelOptions: true,
};
const tlsNames: Names<TlsOptions> = { ca: true, cert: true, key: true, serverName: true };

/** Reads an address and options. Whatever is wrong with them is said here, before anything is sent. */
export function connection(address: string, options: ConnectOptions): Connection {
  const where = channelAddress(address);
  checkNames("options", names, options);
  const { timeout = 30_000, metadata = {}, retry = true, maxMessageSize = 64 * 2 ** 20 } = options;
  checkTimeout("timeout", timeout);
  checkMetadata("metadata", metadata);
  checkBoolean("retry", retry);
  checkBoolean("allowTokenWithoutTls", options.allowTokenWithoutTls ?? false);
  if (!Number.isInteger(maxMessageSize) || maxMessageSize < 1 || maxMessageSize > 2 ** 31 - 1) {
    throw invalid("maxMessageSize", `must be a number of bytes from 1 to ${2 ** 31 - 1}`);
  }
  if (options.channelOptions !== undefined) checkObject("channelOptions", options.channelOptions);
  const tls = checkedTls(where, options.tls);
  if ("token" in options && options.token === undefined) {
    throw invalid("token", "must not be undefined: leave it out to send none");
  }
  const token = checkedToken(options.token);
  if (token !== undefined && !tls && !where.isLoopback && !options.allowTokenWithoutTls) {
    throw invalid(
      "token",
      `is sent by TLS only, and ${where.target} is not loopback: use grpcs://, or allowTokenWithoutTls if something else protects the way`,
    );
  }
  return {
    address: where.target,
    target: where.target,
    credentials: tls ? secure(tls) : credentials.createInsecure(),
    channel: { ...channelOptions(where, maxMessageSize), ...serverName(tls), ...options.channelOptions },
    token,
    timeout,
    metadata,
    retry,
    maxMessageSize,
  };
}

function checkNames(field: string, known: object, options: unknown): asserts options is object {
  checkObject(field, options);
  for (const name of Object.keys(options as object)) {
    if (!Object.hasOwn(known, name)) {
      throw invalid(field, `have no ${JSON.stringify(name)}, only ${Object.keys(known).join(", ")}`);
    }
  }
}

function checkBoolean(field: string, value: unknown): void {
  if (typeof value !== "boolean") throw invalid(field, "must be true or false");
}

/** The options of TLS; undefined without. */
function checkedTls({ scheme }: ChannelAddress, tls: ConnectOptions["tls"]): TlsOptions | undefined {
  if (typeof tls === "object") checkNames("tls", tlsNames, tls);
  else if (tls !== undefined) checkBoolean("tls", tls);
  if (tls === false && scheme === "grpcs") throw invalid("tls", "must not be false: an address of grpcs:// needs TLS");
  return typeof tls === "object" ? tls : (tls ?? scheme === "grpcs") ? {} : undefined;
}

function secure({ ca, cert, key }: TlsOptions): ChannelCredentials {
  if (cert === undefined && key !== undefined) throw invalid("tls.cert", "must be given, as tls.key is");
  if (key === undefined && cert !== undefined) throw invalid("tls.key", "must be given, as tls.cert is");
  const files = [pem("tls.ca", ca), pem("tls.key", key), pem("tls.cert", cert)] as const;
  try {
    return credentials.createSsl(...files);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw invalid("tls", `must be PEM that belongs together: ${why}`, cause);
  }
}

function pem(field: string, text: unknown): Buffer | null {
  if (text === undefined) return null;
  if (typeof text === "string") return Buffer.from(text);
  if (text instanceof Uint8Array) return Buffer.from(text);
  throw invalid(field, "must be a string or bytes in PEM");
}

function serverName(tls: TlsOptions | undefined): ChannelOptions {
  const name = tls?.serverName;
  if (name === undefined) return {};
  if (typeof name !== "string" || !/^[\w.-]+$/.test(name))
    throw invalid("tls.serverName", "must be the name of a host");
  return { "grpc.ssl_target_name_override": name, "grpc.default_authority": name };
}

function channelOptions({ isLoopback }: ChannelAddress, maxMessageSize: number): ChannelOptions {
  return {
    "grpc.max_receive_message_length": maxMessageSize,
    "grpc.max_send_message_length": maxMessageSize,
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
    // Often enough to notice that an archive is back while a call is still tried.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2000,
    // What is sent again is decided in retry.ts, and by nobody who answers for the name of the archive in DNS.
    "grpc.service_config_disable_resolution": 1,
    // gRPC itself sends again only what a server refused or never saw; a whole message has to fit for that.
    "grpc.per_rpc_retry_buffer_size": maxMessageSize,
    "grpc.retry_buffer_size": 4 * maxMessageSize,
    // This machine is not behind a proxy, whatever the environment says; a token would go there in the clear.
    ...(isLoopback ? { "grpc.enable_http_proxy": 0 } : {}),
  };
}
