import {
  constants,
  type Http2SecureServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Logger } from "winston";
import { limits } from "./limits.js";

type Begun = [ServerHttp2Stream, IncomingHttpHeaders, number, readonly string[]];

/** What a connection has begun since one of its calls waited last, and what it took back since one was looked at that waited. */
class Calls {
  begun = 0;
  takenBack = 0;
}

/**
 * Has a server of HTTP/2 look at what it is asked only when a connection has said all that it has to say, where that is
 * much: calls that were begun and taken back at once then cost next to nothing, and who begins many of them is
 * disconnected (CVE-2023-44487). Node bounds such calls, too, but only after a thousand of them on each connection.
 */
export function bearRapidReset(server: Http2Server | Http2SecureServer, log: Logger): void {
  const calls = new WeakMap<Http2Session, Calls>();
  const handlers = server.listeners("stream");
  server.removeAllListeners("stream");
  const look = (begun: Begun) => {
    for (const handle of handlers) Reflect.apply(handle, server, begun);
  };
  const waiting = new Map<Begun, Calls>();
  const lookAtAll = () => {
    const all = [...waiting];
    waiting.clear();
    for (const [begun, own] of all) {
      own.begun = 0;
      if (begun[0].aborted || begun[0].destroyed) continue;
      own.takenBack = 0;
      look(begun);
    }
  };
  server.on("stream", (...begun: Begun) => {
    const [stream] = begun;
    const { session } = stream;
    if (!session) return;
    let own = calls.get(session);
    if (!own) {
      own = new Calls();
      calls.set(session, own);
    }
    if (++own.begun <= limits.callsAtOnce) {
      look(begun);
      return;
    }
    // Whoever handles it has a listener of its own; until then an error is as good as an end.
    stream.on("error", () => undefined);
    stream.once("aborted", () => takenBack(session, own, begun));
    if (waiting.size === 0) setImmediate(lookAtAll);
    waiting.set(begun, own);
  });
  const takenBack = (session: Http2Session, own: Calls, begun: Begun) => {
    if (!waiting.delete(begun) || ++own.takenBack !== limits.callsTakenBack) return;
    warn(log, session.socket, own.takenBack);
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.destroy();
  };
}

const lengthOfPreface = 24;
const lengthOfFrameHead = 9;
const resetOfStream = 3;

/**
 * Whether the first bytes of a connection of HTTP/2 take back as many calls as none may. Node looks at all bytes that it is
 * handed with a connection in one go, so that these are looked at before.
 */
export function beginsWithResets(bytes: Buffer, socket: Socket, log: Logger): boolean {
  let takenBack = 0;
  for (let at = lengthOfPreface; at + lengthOfFrameHead <= bytes.length; ) {
    if (bytes[at + 3] === resetOfStream && ++takenBack === limits.callsTakenBack) {
      warn(log, socket, takenBack);
      return true;
    }
    at += lengthOfFrameHead + bytes.readUIntBE(at, 3);
  }
  return false;
}

const warn = (log: Logger, socket: { readonly remoteAddress?: string | undefined } | undefined, calls: number) =>
  log.warn("a connection is closed: it begins calls and takes them back", { peer: socket?.remoteAddress, calls });
