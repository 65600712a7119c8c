import type { Credentials } from "../access/access.js";
import { authorize } from "../access/authorize.js";
import type { Principal } from "../access/principal.js";
import { ArchiveError, asArchiveError } from "../archive/archive-error.js";
import { CallContext } from "../call-context.js";
import { classOf } from "./admission.js";
import type { CallEnvironment } from "./call-environment.js";
import { logCall } from "./call-log.js";
import { decode } from "./decode.js";
import type { CallEnd, IncomingCall, UnaryCall } from "./incoming-call.js";
import type { KeySample } from "./key-sample.js";
import { questionsOf } from "./questions.js";
import { requestIdOf } from "./request-id.js";
import type { MethodBinding } from "./service-binding.js";
import { toStatus } from "./status.js";

/** A request is decoded only once its errors can be answered and logged. */
type Call = IncomingCall | (IncomingCall & Pick<UnaryCall, "request">);

/** Everything around a handler, whichever edge the call came by: request id, admission, decoding, the call's end, errors, the log. */
export async function answered<Request, Response>(
  method: MethodBinding<Request>,
  call: Call,
  { logger, maxSendSize, maxValues, observer, tracer, admission, access, principalLimits }: CallEnvironment,
  /** The request is none where the call is a stream of them. */
  handle: (request: Request, context: CallContext, begin: () => void) => Promise<Response>,
  /** What the requests of a stream name that writes records. */
  written?: KeySample,
) {
  const began = performance.now();
  const { path } = call;
  observer?.begun(path);
  const requestId = requestIdOf(call);
  const traced = tracer?.begin(call);
  let [begun, done, admitted, working] = [false, false, false, false];
  /** Sends the headers, but only before an answer. */
  const begin = () => {
    if (begun) return;
    begun = true;
    call.sendHeaders(requestId);
    // A watch lasts for as long as its client wants, and its trace until there is something to see.
    if (traced && classOf(method) === "watch") traced.ended({ code: "OK", requestId });
  };
  const context = contextOf(call, requestId, () => done);
  context.trace = traced?.trace;
  let request: Request | undefined;
  let error: ArchiveError | undefined;
  let response: Response | undefined;
  let principal: Principal | undefined;
  let unfollow: (() => void) | undefined;
  let leave: (() => void) | undefined;
  try {
    admitted = admission?.enter(method) ?? false;
    const credentials = access && credentialsOf(call);
    if (access && credentials) {
      const known = access.authenticate(credentials);
      principal = known instanceof Promise ? await known : known;
      context.principal = principal.name;
      context.sight = principal;
      leave = principalLimits?.enter(principal.name, method);
      if (method.requestStream || method.responseStream) {
        unfollow = access.follow(credentials, principal, (ended) => context.end(ended));
      }
    }
    if ("request" in call) {
      const asked = call.request();
      const bytes = asked instanceof Promise ? await asked : asked;
      if (admitted) working = admission?.work(method) ?? false;
      if (working) context.work = admission;
      const decoded = decode(method, bytes, maxValues);
      request = decoded instanceof Promise ? await decoded : decoded;
    }
    if (principal) authorize(principal, questionsOf(method.name, request), method.name === "BatchWrite");
    response = await handle(request as Request, context, begin);
    begin();
  } catch (thrown) {
    error = asArchiveError(call.end ? endedBy(call.end) : thrown, maxSendSize);
  }
  done = true;
  if (admitted) admission?.leave(working);
  leave?.();
  unfollow?.();
  if (error || call.end) context.room?.close();
  observer?.ended(path, error?.code ?? "OK", performance.now() - began);
  traced?.ended({ code: error?.code ?? "OK", reason: error?.reason, requestId });
  const { denied } = context;
  const { peer } = call;
  const who = { peer, requestId, traceId: traced?.id, principal: principal?.name };
  logCall(logger, { path, ...who, request, written, denied, error, began });
  return { response, status: error && toStatus(error, requestId) };
}

/** Ends when the client cancels or its deadline passes, with the error that says which. */
function contextOf(call: IncomingCall, requestId: string, isAnswered: () => boolean): CallContext {
  const context = new CallContext();
  context.requestId = requestId;
  call.onceEnded(() => {
    // Calls that have had their answer end too.
    if (!isAnswered()) context.end(endedBy(call.end ?? "CANCELLED"));
    // The client has its answer, or does not want it any more.
    else context.room?.close();
  });
  return context;
}

const credentialsOf = (call: IncomingCall): Credentials => ({
  authorization: call.header("authorization"),
  certificate: call.clientCertificate(),
  connection: call.connection,
});

const endedBy = (end: CallEnd): ArchiveError =>
  new ArchiveError(end, end, end === "CANCELLED" ? "The call was cancelled." : "The call's deadline passed.");
