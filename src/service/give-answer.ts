import type { CallEnvironment } from "./call-environment.js";
import { causes } from "./call-log.js";
import type { IncomingCall } from "./incoming-call.js";
import type { CallStatus } from "./status.js";

/** What a call is answered with: a response, or what went wrong. */
interface Outcome<Response> {
  readonly response: Response | undefined;
  readonly status: CallStatus | undefined;
}

/** Gives a call its answer once there is one. What fails at that is this call's alone: it ends, and the log has why. */
export async function giveAnswer<Response>(
  { logger }: CallEnvironment,
  call: IncomingCall,
  outcome: Promise<Outcome<Response>>,
  answer: (response: Response) => void,
): Promise<void> {
  try {
    const { response, status } = await outcome;
    if (status) call.fail(status);
    else answer(response as Response);
  } catch (error) {
    logger.error("a call could not be answered", { path: call.path, error: causes(error) });
    call.breakOff();
  }
}
