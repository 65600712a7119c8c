import { type ChannelCredentials, type ChannelOptions, credentials, Metadata } from "@grpc/grpc-js";

/** How to reach an archive. */
export interface ConnectOptions {
  /** Connect by TLS: true for the system's authorities. An address that begins with grpcs:// implies it. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** A bearer token, or what gets the one to send with a call. Over TLS only. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** How long a call may take, in milliseconds, unless it says otherwise; 30,000 unless set. Streams may take any time. */
  readonly timeout?: number | undefined;
  /** Sent with every call. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Whether calls are sent again when the archive is away, or by conflict with others could not do them; true unless set. */
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

/** What grpc-js connects with. */
export interface ChannelTarget {
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly channel: ChannelOptions;
}

/** Reads an address, such as "archive:50051", "grpcs://archive:443", or any other that grpc-js knows. */
export function channelTarget(address: string, options: ConnectOptions): ChannelTarget {
  const [, scheme, target = ""] = /^(grpcs?):\/\/([^/]+)\/?$/.exec(address) ?? [undefined, undefined, address];
  if (target === "" || (!scheme && /^(grpcs?|https?):/.test(address))) {
    throw new TypeError(`not an address, such as archive:50051 or grpcs://archive:443: ${address}`);
  }
  const tls = options.tls ?? scheme === "grpcs";
  if (!tls && scheme === "grpcs") throw new TypeError("an address that begins with grpcs:// needs TLS");
  if (!tls && options.token !== undefined) {
    throw new TypeError("a token is sent by TLS only; where others see to the transport, give it as metadata");
  }
  const tlsOptions = typeof tls === "object" ? tls : {};
  return {
    target,
    credentials: tls ? secure(tlsOptions, options.token) : credentials.createInsecure(),
    channel: { ...channelOptions(options), ...serverName(tlsOptions), ...options.channelOptions },
  };
}

function secure({ ca, cert, key }: TlsOptions, token: ConnectOptions["token"]): ChannelCredentials {
  const channel = credentials.createSsl(pem(ca), pem(key), pem(cert));
  if (token === undefined) return channel;
  const bearer = credentials.createFromMetadataGenerator((_, callback) => {
    const got = typeof token === "string" ? Promise.resolve(token) : Promise.resolve().then(token);
    got.then(
      (text) => {
        const metadata = new Metadata();
        metadata.set("authorization", `Bearer ${text}`);
        callback(null, metadata);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  });
  return credentials.combineChannelCredentials(channel, bearer);
}

const pem = (text: string | Uint8Array | undefined) => (text === undefined ? null : Buffer.from(text));

const serverName = ({ serverName: name }: TlsOptions): ChannelOptions =>
  name === undefined ? {} : { "grpc.ssl_target_name_override": name, "grpc.default_authority": name };

/**
 * An archive that restarts is away for some seconds: with these retries a call waits for 15 of them, and the channel
 * tries to connect often enough to notice.
 */
const retryPolicy = {
  maxAttempts: 8,
  initialBackoff: "0.2s",
  maxBackoff: "4s",
  backoffMultiplier: 2,
  retryableStatusCodes: ["UNAVAILABLE"],
};

function channelOptions({ retry = true, maxMessageSize = 64 * 2 ** 20 }: ConnectOptions): ChannelOptions {
  return {
    "grpc.max_receive_message_length": maxMessageSize,
    "grpc.max_send_message_length": maxMessageSize,
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2000,
    "grpc.enable_retries": retry ? 1 : 0,
    "grpc.service_config": JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] }),
    "grpc-node.retry_max_attempts_limit": retryPolicy.maxAttempts,
    // What does not fit these is not retried: 1 and 16 MiB unless set.
    "grpc.per_rpc_retry_buffer_size": maxMessageSize,
    "grpc.retry_buffer_size": 4 * maxMessageSize,
  };
}
