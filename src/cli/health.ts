import type { ServiceError } from "@grpc/grpc-js";
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
} from "../../generated/ts/grpc/health/v1/health.js";
import type { clientSettings } from "../options.js";
import type { Values } from "../settings.js";
import { callFailure } from "./call-failure.js";
import { openChannel } from "./channel.js";
import { exitCodes, Failure } from "./failure.js";
import { print } from "./terminal.js";

/**
 * Asks a server for its health. Containers do that every few seconds: so it needs none of the descriptors by which
 * other commands make and read their messages, which take longer to load than all the rest.
 */
export async function health(settings: Values<typeof clientSettings>): Promise<void> {
  const { address, timeout } = settings;
  const client = openChannel(settings);
  try {
    const { status } = await new Promise<HealthCheckResponse>((resolve, reject) => {
      client.makeUnaryRequest(
        "/grpc.health.v1.Health/Check",
        (request: HealthCheckRequest) => Buffer.from(HealthCheckRequest.encode(request).finish()),
        (bytes: Buffer) => HealthCheckResponse.decode(bytes),
        { service: "" },
        { deadline: Date.now() + timeout },
        (error, response) => (error || !response ? reject(unforeseen(error, address)) : resolve(response)),
      );
    });
    const name = HealthCheckResponse_ServingStatus[status] ?? String(status);
    print(name);
    if (name !== "SERVING") process.exitCode = exitCodes.UNFORESEEN;
  } finally {
    client.close();
  }
}

/** Whatever the reason, the server is not serving. */
function unforeseen(error: ServiceError | null, address: string): Failure {
  if (!error) return new Failure(exitCodes.UNFORESEEN, "UNKNOWN", `${address} answered nothing`);
  const { reason, message } = callFailure(error, address);
  return new Failure(exitCodes.UNFORESEEN, reason, message, error);
}
