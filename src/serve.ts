import { ServerCredentials } from "@grpc/grpc-js";
import type { Logger } from "winston";
import type { serveSettings, Values } from "./options.js";
import { addHealth } from "./rpc/health.js";
import { createServer, drain, listen } from "./rpc/server.js";
import { displayLocation } from "./storage/database-url.js";
import { openStore } from "./storage/open-store.js";

export type ServeOptions = Values<typeof serveSettings> & { readonly migrate: boolean };

/** A server that runs. */
export interface RunningServer {
  readonly port: number;
  /** Stops taking calls, lets those that run end within the grace, and closes the database. */
  stop(): Promise<void>;
}

/** Opens the database and serves it. Throws if the database cannot be reached or its schema is another. */
export async function serve(options: ServeOptions, logger: Logger): Promise<RunningServer> {
  const { databaseUrl, host } = options;
  const credentials = credentialsOf(options);
  const store = await openStore(databaseUrl, {
    poolSize: options.poolSize,
    acquireTimeout: options.poolTimeout,
    maxResultSize: options.maxSendSize,
  });
  try {
    if (databaseUrl.kind === "sqlite" || options.migrate) await store.migrate();
    await store.check();
    const server = createServer(
      store,
      { logger, maxSendSize: options.maxSendSize },
      {
        "grpc.max_receive_message_length": options.maxReceiveSize,
        // Answers are measured before they are sent, to say what to do about it.
        "grpc.max_send_message_length": -1,
        "grpc.max_concurrent_streams": options.maxStreams,
        "grpc.keepalive_time_ms": options.keepaliveTime,
        "grpc.keepalive_timeout_ms": options.keepaliveTimeout,
      },
    );
    const health = await addHealth(server, store, logger);
    const port = await listen(server, `${host.includes(":") ? `[${host}]` : host}:${options.port}`, credentials);
    logger.info("serving", {
      address: `${host}:${port}`,
      database: displayLocation(databaseUrl),
      tls: Boolean(options.tlsCert),
      pid: process.pid,
    });
    if (!options.tlsCert && !/^(127\.|::1$|localhost$)/.test(host)) {
      logger.warn(
        `listening on ${host} without TLS: anybody who reaches it can read and change everything, and listen in. ` +
          "Set --tls-cert and --tls-key, and --tls-client-ca to choose who may connect",
      );
    }
    return {
      port,
      async stop() {
        health.stop();
        await drain(server, options.grace);
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function credentialsOf({ tlsCert, tlsKey, tlsClientCa }: ServeOptions): ServerCredentials {
  if (!tlsCert && !tlsKey && !tlsClientCa) return ServerCredentials.createInsecure();
  if (!tlsCert || !tlsKey) throw new Error("TLS needs both --tls-cert and --tls-key");
  try {
    return ServerCredentials.createSsl(
      tlsClientCa ?? null,
      [{ cert_chain: tlsCert, private_key: tlsKey }],
      Boolean(tlsClientCa),
    );
  } catch (error) {
    throw new Error(`--tls-cert and --tls-key do not make a key pair: ${(error as Error).message}`);
  }
}
