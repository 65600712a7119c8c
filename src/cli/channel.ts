import { ChannelCredentials, Client, Metadata } from "@grpc/grpc-js";
import { isLoopback } from "../address.js";
import type { TokenFile } from "../bearer-token.js";
import type { clientSettings } from "../options.js";
import type { Values } from "../settings.js";
import { checkPair } from "../tls-files.js";
import { usageFailure } from "./failure.js";

/** How a server is reached. */
export type ChannelSettings = Omit<Values<typeof clientSettings>, "timeout">;

/** How often a server that says nothing is pinged, and how long that may take: one that is gone is noticed by this. */
const keepalive = 10_000;

/** A channel to a server. Nothing is sent yet. */
export function openChannel(settings: ChannelSettings): Client {
  const { address, tls, tlsCa, tlsCert, tlsKey, tlsServerName, token, tokenFile } = settings;
  const isSecure = Boolean(tls || tlsCa || tlsCert || tlsServerName);
  if (token && tokenFile) throw usageFailure("--token and --token-file must not both be given");
  if ((token || tokenFile) && !isSecure && !isLoopback(address)) {
    throw usageFailure(`a token without TLS would be sent to ${address} for everybody to read: add --tls or --tls-ca`);
  }
  if (!tlsCert !== !tlsKey) throw usageFailure("--tls-cert and --tls-key must be given together");
  if (tlsCert && tlsKey) checkPair(tlsCert, tlsKey);
  // What Node says of how gRPC names a server by its address is nothing that a user can act on.
  process.noDeprecation = true;
  try {
    const credentials = isSecure
      ? ChannelCredentials.createSsl(tlsCa?.bytes ?? null, tlsKey?.bytes ?? null, tlsCert?.bytes ?? null)
      : ChannelCredentials.createInsecure();
    return new Client(address, credentials, {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      "grpc.keepalive_time_ms": keepalive,
      "grpc.keepalive_timeout_ms": keepalive,
      // Where the environment names a proxy, as containers inherit it: it does not lead to this machine.
      ...(isLoopback(address) ? { "grpc.enable_http_proxy": 0 } : {}),
      ...(tlsServerName
        ? { "grpc.ssl_target_name_override": tlsServerName, "grpc.default_authority": tlsServerName }
        : {}),
    });
  } catch (error) {
    throw usageFailure(
      `no connection can be made of the address and the TLS options: ${(error as Error).message}`,
      error,
    );
  }
}

/** What goes with a call: who asks. */
export function callMetadata({ token, tokenFile }: ChannelSettings): Metadata {
  const metadata = new Metadata();
  const bearer = token ?? (tokenFile && unlessUnreadable(tokenFile));
  if (bearer) metadata.set("authorization", `Bearer ${bearer}`);
  return metadata;
}

function unlessUnreadable(file: TokenFile): string {
  try {
    return file.read();
  } catch (error) {
    throw usageFailure(`--token-file ${(error as Error).message}`, error);
  }
}
