import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopback } from "../address.js";
import { headerOf } from "./http-exchange.js";
import type { Page } from "./http-server.js";

/** Who may read the metrics: who has the token; or anybody, or anybody on this machine, where there is none. */
export interface MetricsReaders {
  readonly token: string | undefined;
  readonly onlyLoopback: boolean;
}

export interface MetricsText {
  readonly text: string;
  readonly contentType: string;
}

export function metricsPage(gather: () => Promise<MetricsText>, { token, onlyLoopback }: MetricsReaders): Page {
  const mayRead = (peer: string, given: string) =>
    token === undefined ? !onlyLoopback || isLoopback(peer) : isSame(given, `Bearer ${token}`);
  return async (request) => {
    if (mayRead(request.socket.remoteAddress ?? "", headerOf(request, "authorization") ?? "")) {
      return { status: 200, ...(await gather()) };
    }
    return token === undefined
      ? { status: 403, text: "Only this machine may read the metrics, as long as there is no --metrics-token.\n" }
      : { status: 401, text: "The metrics need the token of --metrics-token, as a bearer token.\n" };
  };
}

/** Compares without telling by the time that it takes how much was right. */
function isSame(one: string, other: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
