/** Where the log goes beside the standard error: a Graylog. */
export interface LogTarget {
  readonly kind: "tcp" | "tls" | "udp";
  readonly host: string;
  readonly port: number;
  /** The authority of its certificate, where that is not one that the system knows. */
  readonly ca?: { readonly bytes: Buffer };
}

export const logTargetForms = "gelf+tcp://host:port, gelf+tls://host:port or gelf+udp://host:port";

const defaultPort = 12_201;

/** Reads where the log goes; throws an Error that ends a sentence on its option. */
export function readLogTarget(text: string, readAuthority: (path: string) => { readonly bytes: Buffer }): LogTarget {
  const [, kind] = /^gelf\+(tcp|tls|udp):\/\//.exec(text) ?? [];
  const url = kind && URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.hostname || url.username || url.password || !/^\/?$/.test(url.pathname) || url.hash) throw malformed();
  const authority = url.searchParams.get("tls-ca");
  const others = [...url.searchParams.keys()].filter((name) => name !== "tls-ca");
  if (others.length > 0 || (authority !== null && kind !== "tls")) throw malformed();
  return {
    kind: kind as LogTarget["kind"],
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? defaultPort : Number(url.port),
    ...(authority !== null && { ca: readAuthority(authority) }),
  };
}

const malformed = () => new Error(`must be ${logTargetForms}; for TLS by an authority of your own add ?tls-ca=FILE`);
