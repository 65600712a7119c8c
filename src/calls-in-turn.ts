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
import type { CallEnvironment } from "./service/call-environment.js";

type Begun = [ServerHttp2Stream, IncomingHttpHeaders, number, readonly string[]];

/** A call that waits for its turn. */
interface Waiting {
  readonly since: number;
  /** Whether there is so much to do that it had better wait. */
  isBusy(): boolean;
  look(): void;
}

/** The calls of one connection. */
class Lane {
  /** Those that waited for nobody, since one waited last. */
  begun = 0;
  readonly waiting = new Set<Waiting>();
  /** Those in a row that were taken back as soon as they were begun. */
  takenBack = 0;
}

/** The connections with calls that wait, in the order of their turns, and how many calls these are. */
const lanes = new Set<Lane>();
let waitingCalls = 0;
let isGiving = false;

/** Looks at a call of each connection in turn, so many in a round of the event loop. */
function giveTurns(): void {
  const now = performance.now();
  let given = 0;
  for (const lane of lanes) {
    const [call] = lane.waiting;
    if (!call || given === limits.callsOfRound) break;
    if (call.isBusy() && now - call.since < limits.waitWhileBusy) break;
    leave(lane, call);
    // Others come before its next one.
    if (lanes.delete(lane)) lanes.add(lane);
    else lane.begun = 0;
    given++;
    lane.takenBack = 0;
    call.look();
  }
  isGiving = false;
  if (lanes.size > 0) go(given === 0);
}

function go(isBusy: boolean): void {
  if (isGiving) return;
  isGiving = true;
  if (isBusy) setTimeout(giveTurns, 1);
  else setImmediate(giveTurns);
}

function leave(lane: Lane, call: Waiting): boolean {
  if (!lane.waiting.delete(call)) return false;
  waitingCalls--;
  if (lane.waiting.size === 0) lanes.delete(lane);
  return true;
}

/**
 * Has a server of HTTP/2 look at the calls of its connections in turn, where they have many at once: whoever asks for much
 * waits behind its own calls, and others get their answers as if it were not there. While the process has as much to do
 * as it can do at a time, they wait for that, too, two seconds at the most.
 *
 * So calls that are begun and taken back at once cost next to nothing, and who begins many of them is disconnected
 * (CVE-2023-44487). Node bounds such calls, too, but only after a thousand of them on each connection.
 */
export function takeCallsInTurn(
  server: Http2Server | Http2SecureServer,
  { admission, logger }: Pick<CallEnvironment, "admission" | "logger">,
): void {
  const isBusy = () => admission?.isBusy ?? false;
  const laneOf = new WeakMap<Http2Session, Lane>();
  const handlers = server.listeners("stream");
  server.removeAllListeners("stream");
  const look = (begun: Begun) => {
    for (const handle of handlers) Reflect.apply(handle, server, begun);
  };
  server.on("stream", (...begun: Begun) => {
    const [stream] = begun;
    const { session } = stream;
    if (!session) return;
    let lane = laneOf.get(session);
    if (!lane) {
      lane = new Lane();
      laneOf.set(session, lane);
    }
    if (lane.waiting.size === 0 && ++lane.begun <= limits.callsAtOnce) {
      look(begun);
      return;
    }
    if (waitingCalls >= limits.callsWaiting) {
      // Says that nothing was done, and that it can be called again.
      stream.on("error", () => undefined);
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    wait(session, lane, begun);
  });
  const wait = (session: Http2Session, lane: Lane, begun: Begun) => {
    const [stream] = begun;
    const call: Waiting = {
      since: performance.now(),
      isBusy,
      look() {
        stream.off("aborted", isTakenBack);
        if (!stream.destroyed) look(begun);
      },
    };
    const isTakenBack = () => {
      if (!leave(lane, call) || performance.now() - call.since > limits.takenBackWithin) return;
      if (++lane.takenBack !== limits.callsTakenBack) return;
      warn(logger, session.socket, lane.takenBack);
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      session.destroy();
    };
    // Whoever handles it has a listener of its own; until then an error is as good as an end.
    stream.on("error", () => undefined);
    stream.on("aborted", isTakenBack);
    lane.waiting.add(call);
    waitingCalls++;
    lanes.add(lane);
    go(false);
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
