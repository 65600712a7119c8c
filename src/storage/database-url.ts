import { joinAddress } from "../address.js";
import { type PemFile, pairFault, readCertificates, readKey } from "../tls-files.js";
import type { Host } from "./hosts.js";

/** Where a MySQL or MariaDB database lies. */
export interface MySqlLocation {
  readonly kind: "mysql";
  /** Where it is, or may be: in the order in which they are tried. */
  readonly hosts: readonly [Host, ...Host[]];
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: { ca?: string; cert?: string; key?: string; rejectUnauthorized: boolean } | undefined;
}

/** Where a database lies. */
export type DatabaseLocation = MySqlLocation | { readonly kind: "sqlite"; readonly file: string };

/** How a database URL is written, for messages. */
export const databaseUrlForms = "sqlite:FILE or mysql://user:password@host:port/database, with further hosts by commas";

const tlsModes: Readonly<Record<string, boolean | undefined>> = { disabled: undefined, required: false, verify: true };

const pemText = ({ bytes }: PemFile) => bytes.toString("utf8");

/** Reads a database URL. Throws an Error that says what is wrong with it, without the password. */
export function parseDatabaseUrl(text: string): DatabaseLocation {
  if (text.startsWith("sqlite:")) {
    const file = text.slice("sqlite:".length).replace(/^\/\/(?=\/)/, "");
    if (file === "" || file === ":memory:") throw new Error("must name a file: sqlite:FILE");
    return { kind: "sqlite", file };
  }
  const { first, others } = splitHosts(text);
  if (!/^(mysql|mariadb):\/\//.test(text) || !URL.canParse(first)) throw new Error(`must be ${databaseUrlForms}`);
  const url = new URL(first);
  // Such a character is part of a password that is not encoded; nothing of it may be shown.
  if (url.hash || /[@#]/.test(url.pathname + url.search)) {
    throw new Error("must have special characters of user and password percent-encoded");
  }
  const database = decodeURIComponent(url.pathname.slice(1));
  if (!url.hostname || !database || database.includes("/"))
    throw new Error(`must name a host and a database: ${databaseUrlForms}`);
  const options = new Map(url.searchParams);
  const known = ["tls", "tls-ca", "tls-cert", "tls-key"];
  const unknown = [...options.keys()].filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`has an unknown option; known: ${known.join(", ")}`);
  const mode = options.get("tls") ?? (options.size > 0 ? "verify" : "disabled");
  if (!(mode in tlsModes)) throw new Error(`has tls=${mode}; must be ${Object.keys(tlsModes).join(", ")}`);
  const rejectUnauthorized = tlsModes[mode];
  const file = (name: string, read: (path: string) => PemFile) => {
    const path = options.get(name);
    try {
      return path === undefined ? undefined : read(path);
    } catch (error) {
      throw new Error(`has a ${name} that ${(error as Error).message}`);
    }
  };
  const ca = file("tls-ca", readCertificates);
  const cert = file("tls-cert", readCertificates);
  const key = file("tls-key", readKey);
  if (Boolean(cert) !== Boolean(key)) throw new Error("needs both tls-cert and tls-key, or neither");
  const fault = cert && key && pairFault(cert, key);
  if (fault) throw new Error(`has a tls-cert ${cert.path} and a tls-key ${key.path} that ${fault}`);
  const pem = {
    ...(ca && { ca: pemText(ca) }),
    ...(cert && { cert: pemText(cert) }),
    ...(key && { key: pemText(key) }),
  };
  return {
    kind: "mysql",
    hosts: [hostOf(url), ...others.map(otherHost)],
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database,
    tls: rejectUnauthorized === undefined ? undefined : { rejectUnauthorized, ...pem },
  };
}

/** The URL with its first host alone, and what stands for the others. */
function splitHosts(text: string): { first: string; others: string[] } {
  const [, scheme = "", credentials = "", hosts = "", rest = ""] = /^(\w+:\/\/)([^/]*@)?([^/@]*)(.*)$/.exec(text) ?? [];
  const [first, ...others] = hosts.split(",");
  return others.length === 0 ? { first: text, others } : { first: scheme + credentials + first + rest, others };
}

const hostOf = ({ hostname, port }: URL): Host => ({
  host: hostname.replace(/^\[(.*)\]$/, "$1"),
  port: port ? Number(port) : 3306,
});

function otherHost(text: string): Host {
  const url = `mysql://${text}`;
  if (text === "" || !/^(\[[^\]]*\]|[^\s:?#]+)(:\d+)?$/.test(text) || !URL.canParse(url)) {
    throw new Error(`must name hosts by commas, each with its port if it is not 3306: ${databaseUrlForms}`);
  }
  return hostOf(new URL(url));
}

/** A database's location as it may be shown: without user and password. */
export const displayLocation = (location: DatabaseLocation): string =>
  location.kind === "sqlite"
    ? `sqlite:${location.file}`
    : `mysql://${location.hosts.map(({ host, port }) => joinAddress(host, port)).join(",")}/${location.database}`;
