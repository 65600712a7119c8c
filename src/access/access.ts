import { hash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { ArchiveError, accessDenied } from "../archive/archive-error.js";
import type { ClientCertificate } from "./certificate.js";
import { credentialExpired, credentialInvalid, credentialMissing } from "./credential-errors.js";
import { IssuerKeys } from "./issuer-keys.js";
import { Principal } from "./principal.js";
import { type AccessFile, type Issuer, isFaulty, readAccessFile } from "./read-access-file.js";
import { readInThread } from "./read-in-thread.js";
import { isJwt, verifyJwt } from "./verify-jwt.js";
import { WatchedFile } from "./watched-file.js";
import type { Fault } from "./yaml-reader.js";

/** How a caller proves who it is. */
export interface Credentials {
  /** The header, if there is one. */
  readonly authorization: string | undefined;
  readonly certificate: ClientCertificate | undefined;
  /** What lives as long as the connection, if it still does. */
  readonly connection?: object | undefined;
}

/** Where access says what happens to its files. */
export interface AccessLog {
  info(message: string, details?: object): unknown;
  error(message: string, details?: object): unknown;
}

const scheme = "Bearer ";
/** The most characters of a token, and the most tokens that are known to be good. */
const maxTokenLength = 16_384;
const maxVerified = 10_000;
/** The most characters of an access file that are read at once, in a tenth of a second; more are read beside the calls. */
const mostAtOnce = 65_536;

/** With what somebody asked on a connection last. Most ask again with the same, which then is not looked up again. */
interface Known {
  readonly file: AccessFile;
  readonly authorization: Buffer;
  readonly principal: Principal;
}

/** What a stream is allowed, until it ends or that is over. */
interface Followed {
  readonly credentials: Credentials;
  readonly principal: Principal;
  end(error: ArchiveError): void;
  /** Ends it when the credential expires. */
  timer: { stop(): void };
}

/** Who may do what, by an access file that is read again when it changes. */
export class Access {
  #file: AccessFile;
  /** Whether the file is as it was read last; a broken one leaves what was there. */
  #valid = true;
  /** Those whose JWT was verified, by its SHA-256, those verified last at the end. */
  #verified = new Map<string, Principal>();
  readonly #known = new WeakMap<object, Known>();
  readonly #keys = new Map<string, IssuerKeys>();
  readonly #followed = new Set<Followed>();
  readonly #watched: WatchedFile;
  /** Counts the changes of the file: what is read of it beside holds only if nothing has come since. */
  #changes = 0;

  /** Throws one error that says all that is wrong with the file. */
  constructor(
    private readonly path: string,
    private readonly log: AccessLog,
  ) {
    const read = readAccessFile(readFileSync(path, "utf8"));
    if (isFaulty(read)) throw new Error(faultsText(path, read));
    this.#file = read;
    this.#watched = new WatchedFile(
      path,
      (bytes) => this.#reload(bytes.toString("utf8")),
      (error) => {
        this.#changes++;
        this.#keepLastGood(error);
      },
    );
  }

  get isValid(): boolean {
    return this.#valid;
  }

  /** Who asks; throws where nobody can be told to be. A credential that is given and bad is never passed over. */
  authenticate(credentials: Credentials): Principal | Promise<Principal> {
    const { authorization, certificate, connection } = credentials;
    if (certificate) {
      // Whichever authority it is of: TLS says that of an expired one, too, that it is not verified.
      if (certificate.expires <= Date.now()) throw credentialExpired();
      if (!certificate.verified) throw credentialInvalid("the certificate is of no trusted authority");
    }
    if (authorization !== undefined) {
      if (authorization.length > maxTokenLength + scheme.length) throw credentialInvalid("it is no bearer token");
      return connection ? this.#ofConnection(connection, authorization) : this.#ofToken(authorization);
    }
    if (!certificate) throw credentialMissing();
    for (const [kind, name] of certificate.names) {
      const listed = this.#file.certificates.get(`${kind} ${name}`);
      if (listed) return new Principal(listed.name, listed.rights, certificate.expires);
    }
    throw credentialInvalid("no principal has the certificate's names");
  }

  /** Ends a stream when its credential expires, and when the file no longer allows what it did. Returns how to stop that. */
  follow(credentials: Credentials, principal: Principal, end: (error: ArchiveError) => void): () => void {
    const followed: Followed = { credentials, principal, end, timer: this.#endAt(principal.expires, end) };
    this.#followed.add(followed);
    return () => {
      this.#followed.delete(followed);
      followed.timer.stop();
    };
  }

  /** Looks at once whether the file has changed. */
  check(): void {
    this.#watched.check();
  }

  stop(): void {
    this.#changes++;
    this.#watched.stop();
  }

  #ofConnection(connection: object, authorization: string): Principal | Promise<Principal> {
    const file = this.#file;
    const known = this.#known.get(connection);
    const given = Buffer.from(authorization);
    if (known?.file === file && known.authorization.length === given.length) {
      const isExpired = (known.principal.expires ?? Number.POSITIVE_INFINITY) <= Date.now();
      if (!isExpired && timingSafeEqual(known.authorization, given)) return known.principal;
    }
    const principal = this.#ofToken(authorization);
    if (principal instanceof Principal) this.#known.set(connection, { file, authorization: given, principal });
    return principal;
  }

  #ofToken(authorization: string): Principal | Promise<Principal> {
    const token = /^bearer +([^ ,]+)$/i.exec(authorization)?.[1];
    if (token === undefined) throw credentialInvalid("it is no bearer token");
    const name = hash("sha256", token);
    const listed = this.#file.tokens.get(name);
    if (listed && timingSafeEqual(listed.digest, Buffer.from(name, "hex"))) {
      if (listed.expires !== undefined && listed.expires <= Date.now()) throw credentialExpired();
      return new Principal(listed.principal.name, listed.principal.rights, listed.expires);
    }
    const known = this.#verified.get(name);
    if (known) {
      if ((known.expires ?? 0) <= Date.now()) {
        this.#verified.delete(name);
        throw credentialExpired();
      }
      return known;
    }
    if (!isJwt(token)) throw credentialInvalid("no principal has the token");
    const file = this.#file;
    return verifyJwt(token, file, (issuer) => this.#keysOf(issuer)).then((principal) => {
      // What an older file said of it holds no longer.
      if (file !== this.#file) return this.#ofToken(authorization);
      this.#remember(name, principal);
      return principal;
    });
  }

  #remember(name: string, principal: Principal): void {
    this.#verified.set(name, principal);
    const [oldest] = this.#verified.keys();
    if (this.#verified.size > maxVerified && oldest !== undefined) this.#verified.delete(oldest);
  }

  #keysOf({ keys, issuer }: Issuer): IssuerKeys {
    const known = this.#keys.get(keys);
    if (known) return known;
    const made = new IssuerKeys(keys, ({ message, cause }) => {
      // What fetch says alone is that it failed.
      const error = cause instanceof Error ? `${message}: ${cause.message}` : message;
      this.log.error("the keys of an issuer cannot be read", { issuer, error });
    });
    this.#keys.set(keys, made);
    return made;
  }

  #endAt(time: number | undefined, end: (error: ArchiveError) => void): { stop(): void } {
    if (time === undefined) return { stop() {} };
    // A timer takes no more than 24 days: by then connections are older than they may be.
    const timer = setTimeout(() => end(credentialExpired()), Math.min(2 ** 31 - 1, Math.max(0, time - Date.now())));
    timer.unref();
    return { stop: () => clearTimeout(timer) };
  }

  #reload(text: string): void {
    const change = ++this.#changes;
    if (text.length <= mostAtOnce) {
      this.#take(readAccessFile(text));
      return;
    }
    const ifLast =
      <Result>(take: (result: Result) => void) =>
      (result: Result) => {
        if (change === this.#changes) take(result);
      };
    readInThread(text).then(
      ifLast((read) => this.#take(read)),
      ifLast((error: Error) => this.#keepLastGood(error)),
    );
  }

  #take(read: AccessFile | readonly Fault[]): void {
    if (isFaulty(read)) {
      this.#keepLastGood(new Error(faultsText(this.path, read)));
      return;
    }
    this.#file = read;
    this.#valid = true;
    this.#verified = new Map();
    this.log.info("the access file was read again", { path: this.path, principals: read.principals.size });
    for (const followed of this.#followed) void this.#recheck(followed);
  }

  /** Ends a stream that would go on to show or to take what it may not any more. */
  async #recheck(followed: Followed): Promise<void> {
    const { credentials, principal, end } = followed;
    try {
      const { rights, expires } = await this.authenticate(credentials);
      if (!this.#followed.has(followed)) return;
      followed.timer.stop();
      followed.timer = this.#endAt(expires, end);
      if (!rights.includes(principal.rights)) end(accessDenied("What you may do has changed: begin again."));
    } catch (error) {
      end(error instanceof ArchiveError ? error : accessDenied("Who you are can no longer be told."));
    }
  }

  #keepLastGood({ message: error }: Error): void {
    this.#valid = false;
    this.log.error("the access file cannot be used: what it said before goes on to hold", { path: this.path, error });
  }
}

/** All that is wrong with a file, a line each. */
export const faultsText = (path: string, faults: readonly Fault[]): string =>
  faults.map(({ line, message }) => `${path}:${line}: ${message}`).join("\n");
