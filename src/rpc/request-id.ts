import { randomUUID } from "node:crypto";
import type { Metadata } from "@grpc/grpc-js";

/** The caller's request id if it is one, else a new one. */
export function requestIdOf(metadata: Metadata | undefined): string {
  const given = metadata?.get("x-request-id")[0];
  return typeof given === "string" && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
}
