import { createServer as createHttp1, type Server as Http1Server } from "node:http";
import {
  createServer as createHttp2,
  createSecureServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerOptions,
} from "node:http2";
import type { Server, Socket } from "node:net";
import type { Logger } from "winston";
import { joinAddress } from "../address.js";
import { beginsWithResets, takeCallsInTurn } from "../calls-in-turn.js";
import { takeConnectionsInTurn } from "../connections-in-turn.js";
import { limits } from "../limits.js";
import type { ServerTls, TlsMaterial } from "../server-tls.js";
import type { CallEnvironment } from "../service/call-environment.js";
import type { HttpRequest, HttpResponse } from "./http-exchange.js";

export type Handle = (request: HttpRequest, response: HttpResponse) => void;

/** The longest time that Node can wait, in milliseconds. */
const longest = 2 ** 31 - 1;

/** How long a client may take for the headers of a request, and keep a connection that it does not use; milliseconds. */
const patience = { headersTimeout: 20_000, keepAliveTimeout: 65_000, requestTimeout: 300_000 };

/** Listens for HTTP/1.1 and HTTP/2 on one port: by what is agreed on in TLS, or by a connection's first bytes. */
export class HttpListener {
  readonly #server: Server;
  readonly #http1: Http1Server | undefined;
  /** Those of HTTP/2, and how many bytes had come and gone when they were last looked at. */
  readonly #sessions = new Map<ServerHttp2Session, number>();
  readonly #looking: NodeJS.Timeout;
  readonly #sockets = new Set<Socket>();
  /** Those of HTTP/1.1 that are closed after their next answer. */
  readonly #old = new WeakSet<Socket>();

  constructor(
    answer: Handle,
    tls: ServerTls | undefined,
    maxStreams: number,
    environment: Pick<CallEnvironment, "admission" | "logger">,
    /** After how long a connection is to be made anew, so that who it is of does not live on; undefined where never. */
    private readonly maxAge?: number,
    /** After how long a connection of HTTP/2 that nothing comes and goes over is ended, or twice that; milliseconds. */
    maxSilence: number = patience.keepAliveTimeout,
  ) {
    const handle: Handle = (request, response) => {
      if (!("stream" in response) && this.#old.has(request.socket)) response.setHeader("connection", "close");
      answer(request, response);
    };
    const settings: ServerOptions = { settings: { maxConcurrentStreams: maxStreams } };
    if (tls) {
      const asks = { requestCert: tls.material.ca !== undefined, rejectUnauthorized: tls.isRequired };
      const server = createSecureServer({ ...settings, ...contextOf(tls.material), ...asks, allowHTTP1: true }, handle);
      tls.onMaterial((material) => server.setSecureContext(contextOf(material)));
      takeCallsInTurn(server, environment);
      this.#follow(server);
      this.#server = Object.assign(server, patience);
      server.on("secureConnection", (socket) => this.#followSocket(socket));
    } else {
      const http2 = createHttp2(settings, handle);
      takeCallsInTurn(http2, environment);
      this.#follow(http2);
      this.#http1 = createHttp1(patience, handle);
      this.#server = this.#http1;
      share(this.#http1, http2, (socket) => this.#followSocket(socket), environment.logger);
    }
    takeConnectionsInTurn(this.#server);
    this.#looking = setInterval(() => this.#endSilent(), maxSilence).unref();
  }

  /** Starts to listen; returns the port. */
  listen(host: string, port: number): Promise<number> {
    const address = joinAddress(host, port);
    return new Promise((resolve, reject) => {
      const failed = (error: Error) =>
        reject(new Error(`cannot listen on ${address}: ${error.message}`, { cause: error }));
      this.#server.once("error", failed);
      this.#server.listen(port, host, () => {
        this.#server.off("error", failed);
        const bound = this.#server.address();
        resolve(typeof bound === "object" && bound ? bound.port : port);
      });
    });
  }

  /** Takes no more connections, lets requests that run end within a time in milliseconds, then ends them. */
  finish(grace: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const socket of this.#sockets) socket.destroy();
      }, grace);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#http1?.closeIdleConnections();
      clearInterval(this.#looking);
      for (const session of this.#sessions.keys()) session.close();
    });
  }

  #follow(server: Http2Server | ReturnType<typeof createSecureServer>): void {
    server.on("session", (session: ServerHttp2Session) => {
      this.#sessions.set(session, 0);
      const timer = this.#afterAge(() => session.close());
      session.once("close", () => {
        this.#sessions.delete(session);
        clearTimeout(timer);
      });
    });
    // What a client does wrong ends its connection, and is nobody else's concern.
    server.on("sessionError", () => undefined);
  }

  /**
   * One that nobody uses is ended, as with HTTP/1.1. Streams that are open end first: what waits long is no fault. Not by
   * the session's own timeout: Node forgets to clear that of a session that is destroyed, and keeps the session for it.
   */
  #endSilent(): void {
    for (const [session, before] of this.#sessions) {
      if (session.destroyed) continue;
      const bytes = session.socket.bytesRead + session.socket.bytesWritten;
      if (bytes === before) session.close();
      else this.#sessions.set(session, bytes);
    }
  }

  #followSocket(socket: Socket): void {
    this.#sockets.add(socket);
    const timers = [
      this.#afterAge(() => this.#old.add(socket)),
      this.#afterAge(() => socket.destroy(), limits.connectionAgeGrace),
    ];
    socket.once("close", () => {
      this.#sockets.delete(socket);
      for (const timer of timers) clearTimeout(timer);
    });
  }

  #afterAge(end: () => void, grace = 0): NodeJS.Timeout | undefined {
    if (this.maxAge === undefined) return undefined;
    return setTimeout(end, Math.min(this.maxAge + grace, longest)).unref();
  }
}

const contextOf = ({ cert, key, ca }: TlsMaterial) => ({ cert, key, ...(ca && { ca }) });

const prefaceOfHttp2 = Buffer.from("PRI");

/** Hands connections over to the server of the protocol that their first bytes are of. */
function share(http1: Http1Server, http2: Http2Server, follow: (socket: Socket) => void, log: Logger): void {
  const [takeHttp1] = http1.listeners("connection");
  if (!takeHttp1) throw new Error("Node takes connections elsewhere");
  http1.removeAllListeners("connection");
  http1.on("connection", (socket: Socket) => {
    follow(socket);
    const late = () => socket.destroy();
    const gone = () => socket.destroy();
    socket.setTimeout(patience.headersTimeout, late);
    socket.on("error", gone);
    const look = () => {
      const bytes: unknown = socket.read();
      if (!Buffer.isBuffer(bytes)) return;
      socket.unshift(bytes);
      const start = bytes.subarray(0, prefaceOfHttp2.length);
      if (start.length < prefaceOfHttp2.length && start.equals(prefaceOfHttp2.subarray(0, start.length))) return;
      socket.off("readable", look);
      socket.off("error", gone);
      socket.off("timeout", late);
      socket.setTimeout(0);
      if (start.equals(prefaceOfHttp2)) {
        // If the client goes before the session has the connection, the session is never told.
        socket.once("end", gone);
        if (beginsWithResets(bytes, socket, log)) socket.destroy();
        else http2.emit("connection", socket);
      } else Reflect.apply(takeHttp1, http1, [socket]);
    };
    socket.on("readable", look);
  });
}
