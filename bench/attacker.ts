import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { ChannelCredentials, Client, Metadata } from "@grpc/grpc-js";
import type { Call, Load } from "./load.js";
import { eitherOf, openRaw } from "./raw-http2.js";

/** Where a server is, by both edges. */
export interface Edges {
  readonly grpc: string;
  readonly http: string;
}

/** One client that does its worst. What it is answered with is told in a few words. */
export interface Attacker {
  readonly edges: Edges;
  /** Resolves when it is to let go. */
  readonly over: Promise<void>;
  isOver(): boolean;
  /** How long it lasts. */
  readonly seconds: number;
  /** A call whose answer is read. */
  unary(path: string, request: Uint8Array): Promise<string>;
  /** A call that sends some requests, and reads nothing until it is over. */
  unread(path: string, requests: readonly Uint8Array[], isComplete?: boolean): Promise<string>;
  /** A call by Connect, in JSON, whose answer is read. */
  json(path: string, request: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  /** So many calls by Connect at a time, a hundred on a connection of HTTP/2, of which nothing is read. */
  unreadByHttp(path: string, request: Buffer, count: number): Promise<string>;
  /** Sends on connections of its own, one after the other, as fast as that is taken. */
  pour(address: string, next: (piece: number) => Buffer): Promise<string>;
  /** Opens so many connections, sends something on each, and keeps them. */
  connections(address: string, count: number, first: Buffer): Promise<string>;
  /** Calls that come at a rate, whatever comes of them; or so many at a time. */
  flood(calls: readonly Call[], how: { rate?: number; concurrency: number; seconds: number }): Promise<Load>;
}

const asIs = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What is sent on one connection before another one takes its place: some bounds are of a connection. */
const piecesOfConnection = 20;

/** The calls that an attack has at a time on one connection of HTTP/2. */
const callsOfConnection = 100;

export function createAttacker(
  edges: Edges,
  seconds: number,
  flood: Attacker["flood"],
): { attacker: Attacker; close(): void } {
  const end = performance.now() + seconds * 1000;
  const isOver = () => performance.now() >= end;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  const client = new Client(edges.grpc, ChannelCredentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  const agent = new Agent({ keepAlive: true });
  const begin = (path: string, requests: readonly Uint8Array[]) => {
    const call = client.makeBidiStreamRequest(path, asIs, asIs, new Metadata());
    for (const request of requests) call.write(request);
    const ended = new Promise<string>((resolve) => {
      call.on("error", (error) => resolve(inShort((error as { details?: string }).details ?? String(error))));
      call.on("status", ({ code }) => code === 0 && resolve("OK"));
    });
    return { call, ended };
  };
  const attacker: Attacker = {
    edges,
    over,
    isOver,
    seconds,
    flood,
    unary(path, request) {
      const { call, ended } = begin(path, [request]);
      call.end();
      call.resume();
      return ended;
    },
    unread(path, requests, isComplete = true) {
      const { call, ended } = begin(path, requests);
      if (isComplete) call.end();
      return Promise.race([ended, over.then(() => "not read")]).finally(() => call.cancel());
    },
    json: (path, body, headers = {}) =>
      new Promise((resolve) => {
        const [host, port] = edges.http.split(":");
        const all = { "content-type": "application/json", "content-length": Buffer.byteLength(body), ...headers };
        const taken = async (response: IncomingMessage) =>
          resolve(inShort(`HTTP ${response.statusCode} ${reasonOf(await text(response))}`));
        const request = httpRequest({ agent, host, port, path, method: "POST", headers: all }, (response) => {
          taken(response).catch((error: Error) => resolve(inShort(error.message)));
        });
        request.on("error", (error) => resolve(inShort(error.message)));
        request.end(body);
      }),
    async unreadByHttp(path, request, count) {
      const sessions: ClientHttp2Session[] = [];
      let ended = 0;
      for (let begun = 0; begun < count; begun++) {
        if (begun % callsOfConnection === 0) {
          sessions.push(connectHttp2(`http://${edges.http}`).on("error", () => undefined));
        }
        const headers = { ":method": "POST", ":path": path, "content-type": "application/connect+proto" };
        const stream = sessions.at(-1)?.request(headers);
        stream?.on("error", () => undefined).on("close", () => ended++);
        stream?.end(request);
      }
      await over;
      const answer = `${ended} of ${count} were ended`;
      for (const session of sessions) session.destroy();
      return answer;
    },
    async pour(address, next) {
      let ended = 0;
      while (!isOver()) {
        const socket = await openRaw(address);
        for (let piece = 0; piece < piecesOfConnection && socket.writable && !isOver(); piece++) {
          if (!socket.write(next(piece))) await Promise.race([eitherOf(socket, "drain"), over]);
        }
        ended += Number(!socket.writable);
        socket.destroy();
      }
      return `${ended > 0 ? "some of the" : "none of the"} connections ended by the server`;
    },
    async connections(address, count, first) {
      const [host, port] = address.split(":");
      const sockets: Socket[] = [];
      let closed = 0;
      while (sockets.length < count && !isOver()) {
        const socket = connectTcp(Number(port), host);
        sockets.push(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => closed++);
        socket.resume();
        socket.write(first);
        // Not faster than the system takes them.
        if (sockets.length % callsOfConnection === 0) {
          await Promise.race([eitherOf(socket, "connect"), over]);
        }
      }
      await over;
      const answer = `${closed} of ${sockets.length} were closed`;
      for (const socket of sockets) socket.destroy();
      return answer;
    },
  };
  return {
    attacker,
    close() {
      clearTimeout(timer);
      client.close();
      agent.destroy();
    },
  };
}

/** The same words for answers that differ in numbers alone. */
const inShort = (text: string) => text.replace(/\d{3,} ms/, "some ms").slice(0, 60);

const reasonOf = (body: string): string => /"(?:reason|code)":\s*"(\w+)"/.exec(body)?.[1] ?? "";
