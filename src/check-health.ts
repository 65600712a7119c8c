import { ChannelCredentials, Metadata } from "@grpc/grpc-js";
import { HealthCheckResponse_ServingStatus, HealthClient } from "../generated/ts/grpc/health/v1/health.js";
import type { clientSettings, Values } from "./options.js";

/** Asks a server for its health: "SERVING" or "NOT_SERVING". Throws if it does not answer in time. */
export function checkHealth(options: Values<typeof clientSettings>): Promise<string> {
  const { address, tls, tlsCa, tlsCert, tlsKey, timeout } = options;
  const secure = tls || tlsCa || tlsCert;
  const credentials = secure
    ? ChannelCredentials.createSsl(tlsCa ?? null, tlsKey ?? null, tlsCert ?? null)
    : ChannelCredentials.createInsecure();
  const client = new HealthClient(address, credentials);
  return new Promise<string>((resolve, reject) => {
    client.check({ service: "" }, new Metadata(), { deadline: Date.now() + timeout }, (error, response) => {
      client.close();
      if (error) reject(new Error(`${address} does not answer: ${error.details}`));
      else resolve(HealthCheckResponse_ServingStatus[response.status] ?? "UNKNOWN");
    });
  });
}
