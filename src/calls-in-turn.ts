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
  /** The round of the event loop in which it began one last, and how many of that round waited for nobody. */
  round = 0;
  begun = 0;
  readonly waiting = new Set<Waiting>();
  /** Those in a row that were taken back as soon as they were begun. */
  takenBack = 0;
}

/** The connections with calls that wait, in the order of their turns, and how many calls these are. */
const lanes = new Set<Lane>();
let waitingCalls = 0;
let isGiving = false;

/** How many calls of this process wait for their turn. */
export const callsWaiting = (): number => waitingCalls;

/** Counts the rounds in which calls begin. */
let round = 1;
let isCounting = false;

function nextRound(): void {
  round++;
  isCounting = false;
}

/** Looks at a call of each connection in turn, so many in a round of the event loop. */
function giveTurns(): void {
  const now = performance.now();
  let given = 0;
  try {
    for (const lane of lanes) {
      if (given === limits.callsOfRound) break;
      const [call] = lane.waiting;
      if (!call || (now - call.since < limits.waitWhileBusy && call.isBusy())) continue;
      leave(lane, call);
      // Others come before its next one.
      if (lanes.delete(lane)) lanes.add(lane);
      given++;
      lane.takenBack = 0;
      call.look();
    }
  } finally {
    isGiving = false;
    if (lanes.size > 0) go(given === 0);
  }
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
    if (lane.round !== round) {
      lane.round = round;
      lane.begun = 0;
    }
    if (!isCounting) {
      isCounting = true;
      setImmediate(nextRound);
    }
    if (lane.waiting.size === 0 && ++lane.begun <= limits.callsAtOnce) {
      look(begun);
      return;
    }
    // Where there is no place, who has its share of them waits for no more.
    if (waitingCalls >= limits.callsWaiting && lane.waiting.size >= limits.callsWaiting / (lanes.size + 1)) {
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
        stream.off("aborted", ended).off("close", ended);
        if (!stream.destroyed) look(begun);
      },
    };
    const ended = () => {
      if (!leave(lane, call) || performance.now() - call.since > limits.takenBackWithin || isGone(session)) return;
      if (++lane.takenBack !== limits.callsTakenBack) return;
      warn(logger, session.socket, lane.takenBack);
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      session.destroy();
    };
    // Whoever handles it has a listener of its own; until then an error is as good as an end.
    stream.on("error", () => undefined);
    stream.on("aborted", ended).on("close", ended);
    lane.waiting.add(call);
    waitingCalls++;
    lanes.add(lane);
    go(false);
  };
}

/** Whether a connection has ended, and all of its calls with it. */
function isGone(session: Http2Session): boolean {
  try {
    return session.destroyed || session.closed || session.socket.destroyed;
  } catch {
    // There is no socket any more.
    return true;
  }
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
