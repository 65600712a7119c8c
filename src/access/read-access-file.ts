import type { Node } from "yaml";
import type { Role } from "./define-roles.js";
import { expiryFault } from "./expiry-fault.js";
import type { Grant } from "./grant.js";
import { isName, maxNameLength } from "./principal.js";
import { readGrant, readRoles } from "./read-grants.js";
import { maxScopes, Rights } from "./rights.js";
import { roles as builtIn } from "./roles.js";
import { type Fault, YamlReader } from "./yaml-reader.js";

/** A principal as the file has it. */
export class ListedPrincipal {
  #rights: Rights | undefined;

  constructor(
    readonly name: string,
    readonly grants: readonly Grant[],
    readonly line: number,
  ) {}

  /** Made when they are first asked for: a file can have thousands of principals, few of whom come. */
  get rights(): Rights {
    this.#rights ??= new Rights(this.grants);
    return this.#rights;
  }
}

/** Whom a static token is of, and until when it holds, in milliseconds since 1970. */
export interface StaticToken {
  readonly digest: Uint8Array;
  readonly principal: ListedPrincipal;
  readonly expires: number | undefined;
}

/** Who may sign tokens. */
export interface Issuer {
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** The file or the URL of its keys (JWKS). */
  readonly keys: string;
  /** The claim that holds grants, if any does. */
  readonly claim: string | undefined;
}

export type CertificateNameKind = "uri" | "dns" | "cn";

/** What an access file says. */
export interface AccessFile {
  readonly roles: ReadonlyMap<string, Role>;
  readonly principals: ReadonlyMap<string, ListedPrincipal>;
  /** By the SHA-256 in hexadecimal digits. */
  readonly tokens: ReadonlyMap<string, StaticToken>;
  /** By kind and name: "uri spiffe://grid/hospital". */
  readonly certificates: ReadonlyMap<string, ListedPrincipal>;
  /** By issuer and subject, each as JSON. */
  readonly subjects: ReadonlyMap<string, ListedPrincipal>;
  readonly issuers: ReadonlyMap<string, Issuer>;
}

/** The most grants of a principal: what they come to is compared, each with each. */
const maxGrants = 256;

export const subjectKey = (issuer: string, subject: string): string => JSON.stringify([issuer, subject]);

/** Reads an access file: what it says, or all that is wrong with it. */
export function readAccessFile(text: string): AccessFile | readonly Fault[] {
  const reader = new YamlReader(text);
  if (reader.faults.length > 0) return reader.faults;
  const fields = reader.fields(reader.root, "an access file", ["principals", "issuers", "roles"]);
  const roles = readRoles(reader, fields.roles, builtIn);
  const issuers = new Map<string, Issuer>();
  for (const node of reader.list(fields.issuers, "issuers")) {
    const issuer = readIssuer(reader, node);
    if (issuer && issuers.has(issuer.issuer)) reader.fault(node, `${issuer.issuer} is there already`);
    if (issuer) issuers.set(issuer.issuer, issuer);
  }
  const file: Mutable = {
    roles,
    issuers,
    principals: new Map(),
    tokens: new Map(),
    certificates: new Map(),
    subjects: new Map(),
  };
  for (const node of reader.list(fields.principals, "principals")) readPrincipal(reader, node, file);
  if (!fields.principals && issuers.size === 0) reader.fault(reader.root, "there are no principals, and no issuers");
  return reader.faults.length > 0 ? [...reader.faults].sort((one, other) => one.line - other.line) : file;
}

export const isFaulty = (read: AccessFile | readonly Fault[]): read is readonly Fault[] => Array.isArray(read);

/** The same while it is read. */
type Mutable = {
  [Field in Exclude<keyof AccessFile, "roles">]: AccessFile[Field] extends ReadonlyMap<infer Key, infer Value>
    ? Map<Key, Value>
    : never;
} & Pick<AccessFile, "roles">;

function readIssuer(reader: YamlReader, node: Node): Issuer | undefined {
  const fields = reader.fields(node, "an issuer", ["issuer", "audience", "audiences", "keys", "claim"]);
  const issuer = reader.text(fields.issuer, "issuer");
  const keys = reader.text(fields.keys, "keys", keysFault);
  const claim = reader.text(fields.claim, "claim");
  const audience = reader.text(fields.audience, "audience");
  const audiences = reader.list(fields.audiences, "audiences").flatMap((each) => reader.text(each, "audience") ?? []);
  if (audience !== undefined) audiences.push(audience);
  if (issuer === undefined && !fields.issuer) reader.fault(node, "an issuer needs its name: issuer");
  if (keys === undefined && !fields.keys) reader.fault(node, "an issuer needs keys: a file or an URL");
  if (audiences.length === 0) reader.fault(node, "an issuer needs an audience: whom its tokens are for");
  return issuer === undefined || keys === undefined ? undefined : { issuer, audiences, keys, claim };
}

/** Keys that somebody on the way could change are nobody's. */
function keysFault(text: string): string | undefined {
  if (!/^[a-z]+:\/\//i.test(text)) return text === "" ? "must name a file or an URL" : undefined;
  if (!URL.canParse(text)) return "is no URL";
  const { protocol, hostname } = new URL(text);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return protocol === "https:" || (protocol === "http:" && isLocal) ? undefined : "must be an https URL, or a file";
}

function readPrincipal(reader: YamlReader, node: Node, file: Mutable): void {
  const fields = reader.fields(node, "a principal", ["name", "tokens", "certificates", "subjects", "grants"]);
  const name = reader.text(fields.name, "name", (text) =>
    isName(text) ? undefined : `must have 1 to ${maxNameLength} characters, no control characters among them`,
  );
  if (!fields.name) reader.fault(node, "a principal needs a name");
  const shown = name ?? "a principal";
  if (name !== undefined && file.principals.has(name)) reader.fault(fields.name, `${name} is there already`);
  const listed = reader.list(fields.grants, "grants");
  if (listed.length > maxGrants) {
    reader.fault(fields.grants, `${shown} has ${listed.length} grants: at most ${maxGrants}`);
  }
  const grants = listed
    .slice(0, maxGrants)
    .map((each) => readGrant(reader, each, file.roles))
    .filter((grant) => grant !== undefined);
  const principal = new ListedPrincipal(shown, grants, reader.lineOf(node));
  const isCounted = grants.length > maxScopes && listed.length <= maxGrants;
  for (const type of isCounted ? principal.rights.tooWide() : []) {
    reader.fault(node, `${shown} has more than ${maxScopes} scopes of ${type.name}: grant what they have in common`);
  }
  if (name !== undefined) file.principals.set(name, principal);
  for (const token of reader.list(fields.tokens, "tokens")) readToken(reader, token, principal, file);
  for (const each of reader.list(fields.certificates, "certificates")) readCertificate(reader, each, principal, file);
  for (const each of reader.list(fields.subjects, "subjects")) {
    const { issuer, subject } = reader.fields(each, "a subject", ["issuer", "subject"]);
    const [of, is] = [reader.text(issuer, "issuer"), reader.text(subject, "subject")];
    if (of === undefined || is === undefined) {
      if (!issuer || !subject) reader.fault(each, "a subject needs an issuer and a subject");
      continue;
    }
    if (!file.issuers.has(of)) reader.fault(issuer, `there is no issuer ${of}`);
    if (file.subjects.has(subjectKey(of, is))) reader.fault(each, `the subject ${is} is another principal's already`);
    file.subjects.set(subjectKey(of, is), principal);
  }
}

function readToken(reader: YamlReader, node: Node, principal: ListedPrincipal, file: Mutable): void {
  const { sha256, expires } = reader.fields(node, "a token", ["sha256", "expires"]);
  if (!sha256) reader.fault(node, "a token needs its sha256, in hexadecimal digits");
  const digest = reader.text(sha256, "sha256", (text) =>
    /^[0-9a-f]{64}$/.test(text) ? undefined : "must be 64 hexadecimal digits in lower case: never the token itself",
  );
  const until = reader.text(expires, "expires", expiryFault);
  if (digest === undefined) return;
  if (file.tokens.has(digest)) reader.fault(sha256, "the token is another principal's already");
  const holds = until === undefined ? undefined : Date.parse(until);
  file.tokens.set(digest, { digest: Buffer.from(digest, "hex"), principal, expires: holds });
}

function readCertificate(reader: YamlReader, node: Node, principal: ListedPrincipal, file: Mutable): void {
  const kinds = ["uri", "dns", "cn"] as const;
  const fields = reader.fields(node, "a certificate", kinds);
  const given = kinds.flatMap((kind) => {
    const name = reader.text(fields[kind], kind);
    return name === undefined ? [] : [`${kind} ${name}`];
  });
  if (given.length !== 1) reader.fault(node, "a certificate has one name: uri, dns or cn");
  for (const name of given) {
    if (file.certificates.has(name)) reader.fault(node, `the certificate ${name} is another principal's already`);
    file.certificates.set(name, principal);
  }
}
