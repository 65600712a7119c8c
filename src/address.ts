import { isIPv6 } from "node:net";

/** The port that is meant where none is said. */
export const defaultPort = 50051;

/** A host and a port as one text, which every client takes. */
export const joinAddress = (host: string, port: number): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;

const withoutBrackets = (host: string) => host.replace(/^\[(.*)\]$/, "$1");

/** Reads a host to listen on: a name, or an address, of IPv6 with or without brackets. */
export function readHost(text: string): string {
  const host = withoutBrackets(text.trim());
  if (isIPv6(host) || (host === text.trim() && /^[^\s:/[\]@]+$/.test(host))) return host;
  throw new Error("must be an address or a name, such as 127.0.0.1, :: or localhost, without a port");
}

/** Reads a name under which browsers may call a server; * for any. */
export function readHostName(text: string): string {
  if (text === "*" || /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(text)) return text.toLowerCase();
  throw new Error("must be names without a scheme or a port, such as archive.example.org, or *");
}

/** Reads an origin, as browsers write it. */
export function readOrigin(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text) return text;
  throw new Error("must be origins, with a scheme and without a path, such as https://grid.example.org");
}

/** Targets of gRPC's own forms, which say how to find a server. */
const target = /^(dns|ipv4|ipv6|unix|unix-abstract|xds):/;

/** Addresses that a server listens on for all of its own, and where it is found then, on the same machine. */
const everywhere: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Reads the address of a server, in each form that one is printed or written in. */
export function readAddress(text: string): string {
  const given = text.trim();
  if (target.test(given)) return given;
  const [, host = "", port = String(defaultPort)] = isIPv6(given)
    ? [given, given]
    : (/^(\[[^\]]*\]|[^\s:/[\]@]+)(?::(\d+))?$/.exec(given) ?? []);
  const bare = withoutBrackets(host);
  if (!bare || (bare !== host && !isIPv6(bare)) || Number(port) < 1 || Number(port) > 65535) {
    throw new Error("must be host:port, such as 127.0.0.1:50051 or [::1]:50051, without a scheme");
  }
  return joinAddress(everywhere[bare] ?? bare, Number(port));
}

/** Whether an address is this machine's own, to which no proxy leads. */
export const isLoopback = (address: string): boolean =>
  /^(127\.[\d.]+|\[?::1\]?|\[?::ffff:127\.[\d.]+\]?|localhost)(:\d+)?$/i.test(address) ||
  /^unix(-abstract)?:/.test(address);
