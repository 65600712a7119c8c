import type { Report } from "./metrics.js";

/** The metrics of several processes as one text for Prometheus. The library is loaded only here. */
export async function addUp(reports: readonly Report[]): Promise<{ text: string; contentType: string }> {
  const { default: prometheus } = await import("prom-client");
  const registry = prometheus.AggregatorRegistry.aggregate([...reports]);
  return { text: await registry.metrics(), contentType: registry.contentType };
}
