import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { CertificateNameKind } from "./read-access-file.js";

/** What a client's certificate says, once a connection. */
export interface ClientCertificate {
  /** Whether it is one of the authority that is trusted. */
  readonly verified: boolean;
  /** Its names, those that say most first. */
  readonly names: readonly (readonly [CertificateNameKind, string])[];
  /** When it ends, in milliseconds since 1970. */
  readonly expires: number;
}

const known = new WeakMap<object, ClientCertificate | "none">();

/** The certificate that a client has shown, if any. The session is what lives as long as the connection does. */
export function certificateOf(session: object, socket: TLSSocket): ClientCertificate | undefined {
  const before = known.get(session);
  if (before) return before === "none" ? undefined : before;
  const raw = typeof socket.getPeerCertificate === "function" ? socket.getPeerCertificate()?.raw : undefined;
  const certificate = raw && described(new X509Certificate(raw), socket.authorized);
  known.set(session, certificate ?? "none");
  return certificate;
}

function described({ subject, subjectAltName, validTo }: X509Certificate, verified: boolean): ClientCertificate {
  const alternatives = namesOf(subjectAltName ?? "");
  const of = (prefix: string) => alternatives.filter(([kind]) => kind === prefix).map(([, name]) => name);
  const common = (subject ?? "")
    .split("\n")
    .filter((line) => line.startsWith("CN="))
    .map((line) => line.slice(3));
  return {
    verified,
    names: [
      ...of("URI").map((name) => ["uri", name] as const),
      ...of("DNS").map((name) => ["dns", name] as const),
      // Two would be one too many to tell who it is.
      ...(common.length === 1 ? common.map((name) => ["cn", name] as const) : []),
    ],
    expires: Date.parse(validTo),
  };
}

/** The names in the text that Node makes of a SAN: it writes in quotes, as JSON, what could be taken for several. */
function namesOf(text: string): (readonly [string, string])[] {
  const names: (readonly [string, string])[] = [];
  const name = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/y;
  for (let match = name.exec(text); match && match[0] !== ""; match = name.exec(text)) {
    const [, kind = "", value = ""] = match;
    names.push([kind, value.startsWith('"') ? String(JSON.parse(value)) : value]);
  }
  return names;
}
