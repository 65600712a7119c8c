import type { Respond } from "../archive/respond.js";
import type { CallContext } from "../call-context.js";
import type { Encoded } from "./respond-within.js";

/** Answers a request, or throws an error. It may make its answer ready by itself: within a transaction, that undoes it. */
export type Handler<Request> = (
  request: Request,
  context: CallContext,
  respond: Respond<unknown, Encoded>,
) => Promise<unknown>;

/** Answers a request bit by bit: some responses at a time, each made only when it is taken. */
export type StreamingHandler<Request> = (request: Request, context: CallContext) => AsyncGenerator<Iterable<unknown>>;

/** Answers many requests at once. */
export type GatheringHandler<Request> = (
  requests: AsyncIterable<Request>,
  context: CallContext,
  respond: Respond<unknown, Encoded>,
) => Promise<Encoded>;
