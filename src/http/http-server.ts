import { performance } from "node:perf_hooks";
import { joinAddress } from "../address.js";
import { ArchiveError } from "../archive/archive-error.js";
import { descriptors } from "../records/message-shape.js";
import { quoted } from "../records/quoted.js";
import type { ServerTls } from "../server-tls.js";
import type { CallEnvironment } from "../service/call-environment.js";
import { logCall } from "../service/call-log.js";
import { requestIdOf } from "../service/request-id.js";
import type { Answerer, ArchiveService } from "../service/services.js";
import { toStatus } from "../service/status.js";
import { connectError, httpStatus } from "./call-failure.js";
import { protocols } from "./call-protocol.js";
import { HttpCall, type Messages } from "./http-call.js";
import { type HttpRequest, type HttpResponse, headerOf } from "./http-exchange.js";
import { type Handle, HttpListener } from "./http-listener.js";
import { RequestGuard } from "./request-guard.js";

/** What the HTTP port needs to know beside the services. */
export interface HttpOptions {
  readonly tls: ServerTls | undefined;
  readonly maxReceiveSize: number;
  /** The most calls at a time on one connection of HTTP/2. */
  readonly maxStreams: number;
  /** After how long a connection is to be made anew, in milliseconds; undefined where it may be kept. */
  readonly maxConnectionAge?: number | undefined;
  /** Further names of this server, and origins whose pages may call it. */
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
}

interface Route {
  readonly answerer: Answerer;
  readonly messages: Messages;
}

/** Nothing that is served here is to be kept, guessed at, framed or run. */
const safeHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** What is answered to a request that is no call. */
export interface PageAnswer {
  readonly status: number;
  readonly contentType?: string;
  readonly text: string;
}

export type Page = (request: HttpRequest) => PageAnswer | Promise<PageAnswer>;

/** The services over HTTP, by Connect and gRPC-Web, and some pages beside them. It does not listen yet. */
export function createHttpServer(
  services: readonly ArchiveService[],
  pages: ReadonlyMap<string, Page>,
  environment: CallEnvironment,
  { tls, maxReceiveSize, maxStreams, maxConnectionAge, allowHosts, allowOrigins }: HttpOptions,
): HttpListener {
  const routes = routesOf(services);
  const guard = new RequestGuard(allowHosts, allowOrigins);

  const handle = async (request: HttpRequest, response: HttpResponse): Promise<void> => {
    for (const [name, value] of Object.entries(safeHeaders)) response.setHeader(name, value);
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    const refusal = guard.refusal(request);
    if (refusal) {
      refuse(request, response, refusal.status, refusal.reason);
      return;
    }
    if (guard.answersPreflight(request, response)) return;
    const page = pages.get(path);
    if (page) await sendPage(request, response, page);
    else answerCall(request, response, path);
  };

  const answerCall = (request: HttpRequest, response: HttpResponse, path: string): void => {
    const route = routes.get(path);
    if (!route || route.answerer.kind === "clientStreaming") {
      failUnknown(request, response, path, route !== undefined);
      return;
    }
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      refuse(request, response, 405, "A call is made by POST.");
      return;
    }
    const contentType = headerOf(request, "content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
    const known = protocols[route.answerer.kind];
    const protocol = Object.hasOwn(known, contentType) ? known[contentType] : undefined;
    if (!protocol) {
      const types = Object.keys(known).join(", ");
      response.setHeader("accept-post", types);
      refuse(request, response, 415, `The content type is one of ${types}, and not ${quoted(contentType)}.`);
      return;
    }
    const call = new HttpCall(path, request, response, protocol, route.messages, maxReceiveSize);
    route.answerer.answer(call);
  };

  const failUnknown = (request: HttpRequest, response: HttpResponse, path: string, isStream: boolean) => {
    const message = isStream
      ? `${path} takes a stream of requests, which HTTP's clients cannot send: call it by gRPC.`
      : `There is no method ${quoted(path)}.`;
    const error = new ArchiveError("UNIMPLEMENTED", "UNIMPLEMENTED", message);
    const requestId = requestIdOf({ header: (name) => headerOf(request, name) });
    const status = toStatus(error, requestId);
    environment.observer?.begun(path);
    environment.observer?.ended(path, error.code, 0);
    logCall(environment.logger, { path, peer: peerOf(request), requestId, request: undefined, error, began: now() });
    response.setHeader("x-request-id", requestId);
    send(
      request,
      response,
      isStream ? httpStatus(status) : 404,
      JSON.stringify(connectError(status)),
      "application/json",
    );
  };

  const refuse = (request: HttpRequest, response: HttpResponse, status: number, reason: string) => {
    const path = quoted(request.url ?? "", 200);
    environment.logger.info("request refused", { path, status, error: reason, peer: peerOf(request) });
    send(request, response, status, `${reason}\n`);
  };

  const answer: Handle = (request, response) => void handle(request, response);
  return new HttpListener(answer, tls, maxStreams, environment, maxConnectionAge);
}

function routesOf(services: readonly ArchiveService[]): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  for (const { binding, answerers } of services) {
    for (const [field, answerer] of Object.entries(answerers)) {
      const method = binding.methods[field];
      const described = descriptors.getService(binding.fullName)?.methods.find(({ name }) => name === method?.name);
      if (!described) throw new Error(`No method ${field} in ${binding.fullName}`);
      const { input, output, name } = described;
      routes.set(`/${binding.fullName}/${name}`, { answerer, messages: { input, output } });
    }
  }
  return routes;
}

async function sendPage(request: HttpRequest, response: HttpResponse, page: Page): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    send(request, response, 405, "This is read by GET.\n");
    return;
  }
  const { status, contentType, text } = await Promise.resolve(page(request)).catch((error: Error) => ({
    status: 503,
    contentType: undefined,
    text: `${error.message}\n`,
  }));
  send(request, response, status, text, contentType);
}

function send(
  request: HttpRequest,
  response: HttpResponse,
  status: number,
  text: string,
  contentType = "text/plain; charset=utf-8",
): void {
  if (response.destroyed) return;
  const bytes = Buffer.from(text);
  response.statusCode = status;
  response.setHeader("content-type", contentType);
  response.setHeader("content-length", bytes.length);
  if (!("stream" in request) && !request.complete) response.setHeader("connection", "close");
  if (request.method === "HEAD") response.end();
  else response.end(bytes);
}

const now = () => performance.now();

function peerOf(request: HttpRequest): string {
  const { remoteAddress = "", remotePort = 0 } = request.socket;
  return joinAddress(remoteAddress, remotePort);
}
