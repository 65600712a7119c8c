import { randomUUID } from "node:crypto";
import type { IncomingCall } from "./incoming-call.js";

/** The caller's request id if it is one, else a new one. */
export function requestIdOf(call: Pick<IncomingCall, "header">): string {
  const given = call.header("x-request-id");
  return given !== undefined && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
}
