import { createHttpServer, type Page } from "./http/http-server.js";
import { type MetricsText, metricsPage } from "./http/metrics-page.js";
import { probes } from "./http/probes.js";
import type { Health } from "./rpc/health.js";
import type { ServeOptions } from "./serve.js";
import type { ServerTls } from "./server-tls.js";
import type { CallEnvironment } from "./service/call-environment.js";
import type { ArchiveService } from "./service/services.js";

/** Serves HTTP too, where a port is given. */
export async function listenForHttp(
  options: ServeOptions,
  tls: ServerTls | undefined,
  services: readonly ArchiveService[],
  health: Health,
  environment: CallEnvironment,
  gather: () => Promise<MetricsText>,
) {
  const { host, httpPort } = options;
  if (httpPort === undefined) return undefined;
  const readers = { token: options.metricsToken, onlyLoopback: environment.access !== undefined };
  const pages = new Map<string, Page>([...probes(health), ["/metrics", metricsPage(gather, readers)]]);
  const listener = createHttpServer(services, pages, environment, {
    tls,
    maxReceiveSize: options.maxReceiveSize,
    maxStreams: options.maxStreams,
    maxConnectionAge: environment.access || options.tlsClientCa ? options.maxConnectionAge : undefined,
    allowHosts: options.httpAllowHosts,
    allowOrigins: options.httpAllowOrigins,
  });
  return { listener, port: await listener.listen(host, httpPort) };
}
