import { setTimeout as delay } from "node:timers/promises";
import type { Server } from "@grpc/grpc-js";
import type { Logger } from "winston";
import type { Access } from "./access/access.js";
import { isLoopback, joinAddress } from "./address.js";
import { AnswerMemory } from "./answer-memory.js";
import { ChangeFeed } from "./archive/change-feed.js";
import { Retention } from "./archive/retention.js";
import { CallContext } from "./call-context.js";
import { callsWaiting } from "./calls-in-turn.js";
import { usageFailure } from "./cli/failure.js";
import { collectExternalMemory } from "./external-memory.js";
import { limits } from "./limits.js";
import { listenForHttp } from "./listen-for-http.js";
import { droppedLines } from "./log.js";
import { mostConnections, openFilesLimit } from "./open-files.js";
import type { serveSettings } from "./options.js";
import type { MetricsExchange } from "./process/metrics-exchange.js";
import { ProcessLoad } from "./process-load.js";
import { limitConnections } from "./rpc/connection-limit.js";
import { addHealth, type Health } from "./rpc/health.js";
import { createServer, listen } from "./rpc/server.js";
import { serverCredentials } from "./rpc/server-credentials.js";
import { ServerTls } from "./server-tls.js";
import { Admission } from "./service/admission.js";
import type { CallEnvironment } from "./service/call-environment.js";
import { PrincipalLimits } from "./service/principal-limits.js";
import { archiveServices, servedMethods } from "./service/services.js";
import type { Values } from "./settings.js";
import { displayLocation } from "./storage/database-url.js";
import { openStore } from "./storage/open-store.js";
import { resultSizeFor } from "./storage/result-size.js";
import type { Store } from "./storage/store.js";
import { Metrics } from "./telemetry/metrics.js";
import { readTraceSettings } from "./telemetry/trace-settings.js";
import { Traces } from "./telemetry/traces.js";
import { expiry } from "./tls-files.js";
import { version } from "./version.js";
import { watchOpenFiles } from "./watch-open-files.js";

/** How long the database may take to be left, in milliseconds. */
const closePatience = 5000;
/** How long the metrics wait for what the database says, in milliseconds. */
const metricsPatience = 500;

export type ServeOptions = Values<typeof serveSettings> & { readonly migrate: boolean };

/** A server that runs. */
export interface RunningServer {
  readonly port: number;
  /** Stops taking calls, lets those that run end within the grace, and closes the database. */
  stop(): Promise<void>;
}

/** Opens the database and serves it. Throws if that cannot be reached, its schema is another, or the address is taken. */
export async function serve(options: ServeOptions, logger: Logger, exchange: MetricsExchange): Promise<RunningServer> {
  const { databaseUrl, host } = options;
  refuseOpen(options);
  const tls = tlsOf(options, logger);
  const access = await accessOf(options, logger);
  const parts: Parts = {};
  const traces = tracesOf(databaseUrl.kind, logger);
  const metrics =
    options.httpPort === undefined ? undefined : await metricsOf(parts, databaseUrl.kind, access, tls, traces);
  const store = await openStore(
    databaseUrl,
    {
      poolSize: options.poolSize,
      acquireTimeout: options.poolTimeout,
      maxResultSize: resultSizeFor(options.maxSendSize),
    },
    metrics,
  );
  parts.store = store;
  let listening: Server | undefined;
  try {
    const most = Math.min(mostConnections(openFilesLimit(), store.maxFiles), limits.connections);
    if (databaseUrl.kind === "sqlite" || options.migrate) await store.migrate();
    await store.check();
    const load = new ProcessLoad(() => store.pools(), options.workers);
    const stopCollecting = collectExternalMemory();
    const environment: CallEnvironment = {
      logger,
      maxSendSize: options.maxSendSize,
      maxValues: options.maxRecordValues,
      memory: new AnswerMemory(options.answerMemory),
      observer: metrics,
      tracer: traces,
      admission: new Admission(
        options.maxCalls,
        limits.callsTogether[databaseUrl.kind],
        () => load.load,
        (cause) => metrics?.refused(cause),
      ),
      access,
      principalLimits: access && principalLimitsOf(options, metrics),
    };
    const feed = new ChangeFeed(store);
    parts.feed = feed;
    const services = archiveServices(store, environment, feed);
    const server = createServer(services, environment, {
      "grpc.max_receive_message_length": options.maxReceiveSize,
      // Answers are measured before they are sent, to say what to do about it.
      "grpc.max_send_message_length": -1,
      "grpc.max_concurrent_streams": options.maxStreams,
      "grpc.keepalive_time_ms": options.keepaliveTime,
      "grpc.keepalive_timeout_ms": options.keepaliveTimeout,
      ...(access || options.tlsClientCa ? connectionAge(options) : {}),
    });
    const connections = limitConnections(most, logger);
    const files = watchOpenFiles(logger);
    const health = await addHealth(server, store, logger);
    const retention = new Retention(store.changes, options.keepChanges, (error) =>
      logger.warn("changes could not be numbered or removed: it is tried again", { error: String(error) }),
    );
    const port = await listen(server, joinAddress(host, options.port), serverCredentials(tls), environment);
    listening = server;
    parts.health = health;
    if (metrics) exchange.offer(() => metrics.report());
    const http = await listenForHttp(options, tls, services, health, environment, exchange.gather);
    logger.info("serving", {
      address: joinAddress(host, port),
      http: http && joinAddress(host, http.port),
      database: displayLocation(databaseUrl),
      tls: Boolean(tls),
      access: access ? options.access : options.tlsClientCa ? "by --tls-client-ca" : "open to everybody",
      pid: process.pid,
    });
    const expired = options.tlsCert && expiry(options.tlsCert);
    if (expired) logger.warn(`the certificate of --tls-cert has ended on ${expired}: clients refuse it`);
    if (!tls && !isLoopback(host)) {
      const who = access ? "" : "anybody who reaches it can read and change everything, and ";
      logger.warn(
        `listening on ${host} without TLS: ${who}whoever is on the way can listen in. Set --tls-cert and --tls-key`,
      );
    }
    return {
      port,
      async stop() {
        health.stop();
        retention.stop();
        feed.stop();
        await Promise.all([server.finish(options.grace), http?.listener.finish(options.grace)]);
        connections.stop();
        files.stop();
        load.stop();
        stopCollecting();
        access?.stop();
        tls?.stop();
        await Promise.all([closed(store), traces?.stop()]);
      },
    };
  } catch (error) {
    // Where only the address for HTTP is taken: else the process would go on, half alive.
    listening?.forceShutdown();
    await closed(store);
    throw error;
  }
}

/** What there is of a server once it has begun. */
interface Parts {
  store?: Store;
  health?: Health;
  feed?: ChangeFeed;
}

/** Measures this process. What it reads from its parts is there once they are. */
const metricsOf = (
  parts: Readonly<Parts>,
  database: string,
  access: Access | undefined,
  tls: ServerTls | undefined,
  traces: Traces | undefined,
): Promise<Metrics> =>
  Metrics.of(
    servedMethods,
    {
      callsWaiting,
      pools: () => parts.store?.pools() ?? [],
      isServing: () => parts.health?.isServing ?? false,
      watches: () => parts.feed?.state ?? { watches: 0, behind: 0 },
      unnumberedChanges: () => unnumbered(parts.store),
      droppedSpans: traces && (() => traces.dropped),
      droppedLines,
      accessFileIsValid: access && (() => access.isValid),
      certificatesAreValid: tls && (() => tls.isValid),
    },
    { version, node: process.version, database },
  );

/** Traces calls, where OpenTelemetry's variables say so. */
function tracesOf(database: string, logger: Logger): Traces | undefined {
  try {
    const settings = readTraceSettings(process.env);
    return settings && new Traces(settings, { version, database }, logger);
  } catch (error) {
    throw usageFailure((error as Error).message);
  }
}

const principalLimitsOf = ({ maxCalls, principalMaxCalls, principalRate }: ServeOptions, metrics?: Metrics) =>
  new PrincipalLimits({ calls: principalMaxCalls ?? Math.ceil(maxCalls / 2), rate: principalRate }, (cause) =>
    metrics?.refused(cause),
  );

/** How many changes have no revision, if the database says so soon: the metrics do not wait for one that is away. */
async function unnumbered(store: Store | undefined): Promise<number | undefined> {
  const late = new AbortController();
  const count = store?.changes.countUnnumbered(new CallContext()).catch(() => undefined);
  const result = await Promise.race([count, delay(metricsPatience, undefined, { signal: late.signal })]);
  late.abort();
  return result;
}

/** Closes the store, but does not wait for ever for a database that no longer answers. */
async function closed(store: Store): Promise<void> {
  const late = new AbortController();
  await Promise.race([store.close(), delay(closePatience, undefined, { signal: late.signal })]);
  late.abort();
}

/** Throws where everybody who reaches the address could do everything, and nobody said that this is meant. */
function refuseOpen({ host, access, open, tlsClientCa, tlsClientAuth }: ServeOptions): void {
  if (access && open) throw usageFailure("--access and --open exclude each other: is it for everybody or not?");
  if (tlsClientAuth === "optional" && !access) {
    throw usageFailure("--tls-client-auth optional needs --access: without, clients need no credential at all");
  }
  if (access || open || tlsClientCa || isLoopback(host)) return;
  throw usageFailure(
    `--host ${host} would let everybody who reaches it read and change everything: say who may do what by --access FILE ` +
      "(see docs/access.md), let nobody else in by --tls-client-ca FILE, or say by --open that this is meant",
  );
}

/** How clients connect. Throws if the files for it do not fit each other. */
function tlsOf({ tlsCert, tlsKey, tlsClientCa, tlsClientAuth }: ServeOptions, logger: Logger): ServerTls | undefined {
  if (!tlsCert && !tlsKey && !tlsClientCa) return undefined;
  if (!tlsCert || !tlsKey) throw usageFailure("TLS needs both --tls-cert and --tls-key");
  const isRequired = tlsClientCa !== undefined && tlsClientAuth === "require";
  return new ServerTls({ cert: tlsCert, key: tlsKey, ca: tlsClientCa }, isRequired, logger);
}

async function accessOf({ access }: ServeOptions, logger: Logger): Promise<Access | undefined> {
  if (access === undefined) return undefined;
  // What reads YAML and JWTs is a tenth of all that a server loads.
  const { Access } = await import("./access/access.js");
  try {
    return new Access(access, logger);
  } catch (error) {
    throw usageFailure(`--access ${(error as Error).message}`);
  }
}

/** Connections end, so that who they are of does not outlive its certificate by long. */
const connectionAge = ({ maxConnectionAge }: ServeOptions) => ({
  "grpc.max_connection_age_ms": maxConnectionAge,
  "grpc.max_connection_age_grace_ms": limits.connectionAgeGrace,
});
