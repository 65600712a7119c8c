import { execFileSync } from "node:child_process";

let found: string | undefined;

/** The program of HAProxy, which is fetched where there is none. */
export function haproxy(): string {
  found ??= execFileSync("scripts/debian", ["haproxy"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
  return found;
}
