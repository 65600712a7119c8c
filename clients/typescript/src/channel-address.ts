import { isIPv4 } from "node:net";
import { invalid } from "./invalid-argument.js";

/** Where an archive is, as grpc-js takes it, and whether the address asks for TLS. */
export interface ChannelAddress {
  readonly target: string;
  readonly scheme: "grpc" | "grpcs" | undefined;
  /** Whether it is on this machine, beyond doubt. */
  readonly isLoopback: boolean;
}

const example = "such as archive:50051 or grpcs://archive:443";

/** Reads "archive:50051", "grpcs://archive:443", or any other address that grpc-js knows. */
export function channelAddress(address: unknown): ChannelAddress {
  if (typeof address !== "string") throw invalid("address", `must be a string, ${example}`);
  const [, scheme, given = ""] = /^(grpcs?):\/\/([^/]+)\/?$/i.exec(address) ?? [undefined, undefined, address];
  if (!scheme && /^grpcs?:\//i.test(address)) throw invalid("address", `must be one ${example}: ${shown(address)}`);
  const named = /^([a-z][a-z0-9+.-]*):(?!\d+$)/i.exec(given)?.[1]?.toLowerCase();
  if (scheme && named) throw invalid("address", `has two schemes; give one ${example}: ${shown(address)}`);
  if (named && !["dns", "ipv4", "ipv6", "unix"].includes(named)) {
    throw invalid("address", `has an unknown scheme; give one ${example}: ${shown(address)}`);
  }
  // No white space, no control characters, and nothing of a URL's user, query or fragment.
  if (given === "" || !/^[^\s\p{Cc}@?#]+$/u.test(given)) {
    throw invalid("address", `must be one ${example}: ${shown(address)}`);
  }
  const port = named ? undefined : /:(\d+)$/.exec(given)?.[1];
  if (port !== undefined && Number(port) > 65_535) {
    throw invalid("address", `has a port above 65535: ${shown(address)}`);
  }
  return {
    target: given,
    scheme: scheme?.toLowerCase() === "grpcs" ? "grpcs" : scheme ? "grpc" : undefined,
    isLoopback: isLoopback(given, named),
  };
}

/** An address in an error: what stands before an @ may be a password. */
const shown = (address: string) => JSON.stringify(address.replace(/[^/]*@/, "…@").slice(0, 200));

/**
 * By exact names and numbers only: "localhost.example.org" and "127.0.0.1.example.org" are anywhere, and so is what a
 * name server that the address itself names takes for localhost.
 */
function isLoopback(target: string, scheme: string | undefined): boolean {
  if (scheme === "unix") return true;
  const hosts = target.replace(/^(dns:(\/\/\/)?|ipv[46]:)/i, "").split(",");
  return hosts.every((host) => {
    const name = /^\[(.+)\](:\d+)?$/.exec(host)?.[1] ?? host.replace(/^([^:]+):\d+$/, "$1");
    return name.toLowerCase() === "localhost" || name === "::1" || (isIPv4(name) && name.startsWith("127."));
  });
}
