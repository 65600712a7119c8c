import type { Registry } from "prom-client";
import type { Report } from "./metrics.js";

let registry: Registry | undefined;

/** What a process says of itself that serves nothing. */
export async function ownReport(): Promise<Report> {
  if (!registry) {
    const { default: prometheus } = await import("prom-client");
    registry = new prometheus.Registry();
    prometheus.collectDefaultMetrics({ register: registry });
  }
  return registry.getMetricsAsJSON();
}
