import type { CallTrace } from "../call-trace.js";
import type { IncomingCall } from "./incoming-call.js";

/** Who begins traces of calls, where somebody wants such. */
export interface CallTracer {
  /** Begins that of a call, which may continue one of the caller's. */
  begin(call: Pick<IncomingCall, "path" | "rpcSystem" | "header">): TracedCall;
}

/** How a call ended. */
interface TracedEnd {
  /** The name of a code, "OK" where it went well. */
  readonly code: string;
  readonly reason?: string | undefined;
  readonly requestId: string;
}

/** A call as its trace knows it. */
export interface TracedCall {
  /** What names the trace in the log: there for one that is kept here, or that the caller knows. */
  readonly id: string | undefined;
  /** Is told of the call's statements, where the trace is kept. */
  readonly trace: CallTrace | undefined;
  /** It has ended. What is told later is not kept. */
  ended(end: TracedEnd): void;
}
