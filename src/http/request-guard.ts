import { isIP } from "node:net";
import { quoted } from "../records/quoted.js";
import { type HttpRequest, type HttpResponse, headerOf } from "./http-exchange.js";

/** Why a request is not served. */
export interface Refusal {
  readonly status: 403 | 421;
  readonly reason: string;
}

/**
 * Names that nobody can register in the public DNS. A page of an attacker's own name, which is made to lead here (DNS
 * rebinding), would be of the same origin as this server to a browser.
 */
const privateName = /^[^.]+$|\.(localhost|local|internal|test|home\.arpa)$/;

/** Headers that a page may send and see beside those that any may. */
const allowedHeaders =
  "authorization, connect-protocol-version, connect-timeout-ms, content-type, grpc-timeout, traceparent, tracestate, x-grpc-web, x-request-id, x-user-agent";
const exposedHeaders = "grpc-message, grpc-status, grpc-status-details-bin, retry-after, x-request-id";
/** For how long a browser need not ask again, in seconds. */
const preflightAge = "7200";

/** Lets browsers in only from where an operator said, and only by names that are this server's own. */
export class RequestGuard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;

  constructor(hosts: readonly string[], origins: readonly string[]) {
    this.#hosts = new Set(hosts);
    this.#origins = new Set(origins);
  }

  refusal(request: HttpRequest): Refusal | undefined {
    const host = hostOf(request);
    if (!this.#isOwn(nameOf(host))) {
      const reason = `This server is not known as ${quoted(nameOf(host))}: see --http-allow-hosts.`;
      return { status: 421, reason };
    }
    const origin = headerOf(request, "origin");
    if (origin === undefined || this.#origins.has(origin) || isSameHost(origin, host)) return undefined;
    return { status: 403, reason: `Pages of ${quoted(origin)} may not call this server: see --http-allow-origins.` };
  }

  /** Says to a browser which pages may read the answer; answers its question before a call, if it is one. */
  answersPreflight(request: HttpRequest, response: HttpResponse): boolean {
    if (this.#origins.size > 0) response.setHeader("vary", "origin");
    const origin = headerOf(request, "origin");
    if (origin !== undefined && this.#origins.has(origin)) {
      response.setHeader("access-control-allow-origin", origin);
      response.setHeader("access-control-expose-headers", exposedHeaders);
    }
    if (request.method !== "OPTIONS" || !headerOf(request, "access-control-request-method")) return false;
    response.setHeader("access-control-allow-methods", "GET, POST");
    response.setHeader("access-control-allow-headers", allowedHeaders);
    response.setHeader("access-control-max-age", preflightAge);
    response.statusCode = 204;
    response.end();
    return true;
  }

  /** Whether a name is one of this server. Every browser says one; balancers that probe by HTTP/1.0 say none. */
  #isOwn(name: string): boolean {
    return name === "" || isIP(name) !== 0 || privateName.test(name) || this.#hosts.has(name) || this.#hosts.has("*");
  }
}

const hostOf = (request: HttpRequest): string =>
  ("authority" in request ? request.authority : undefined) || (headerOf(request, "host") ?? "");

/** A host without its port, and an address of IPv6 without its brackets. */
const nameOf = (host: string): string =>
  host
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();

/** Whether a page comes from this server itself. */
function isSameHost(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === host.toLowerCase();
  } catch {
    return false;
  }
}
