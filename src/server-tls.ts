import { timingSafeEqual } from "node:crypto";
import { WatchedFile } from "./access/watched-file.js";
import { checkPair, type PemFile, pairFault, readCertificates, readKey } from "./tls-files.js";

/** What a server shows, and the authority of those who connect, where it asks for one. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
}

interface TlsLog {
  info(message: string, details?: object): unknown;
  error(message: string, details?: object): unknown;
}

/**
 * A server's certificate and key, and the authority of its clients, read again when they change: connections that begin
 * later have the new ones. Files that do not fit each other, as while one of them is replaced, change nothing.
 */
export class ServerTls {
  #material: TlsMaterial;
  /** Whether the files are as they were read last. */
  #valid = true;
  readonly #listeners = new Set<(material: TlsMaterial) => void>();
  readonly #watched: readonly WatchedFile[];

  constructor(
    private readonly files: { readonly cert: PemFile; readonly key: PemFile; readonly ca: PemFile | undefined },
    /** Whether a client without a certificate of the authority is turned away at once. */
    readonly isRequired: boolean,
    private readonly log: TlsLog,
  ) {
    const { cert, key, ca } = files;
    checkPair(cert, key);
    this.#material = { cert: cert.bytes, key: key.bytes, ca: ca?.bytes };
    this.#watched = [cert, key, ca].flatMap((file) =>
      file
        ? new WatchedFile(
            file.path,
            () => this.#reload(),
            (error) => this.#keepLastGood(error),
          )
        : [],
    );
  }

  get isValid(): boolean {
    return this.#valid;
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  /** Has something done with what there is now, and again with each change. */
  onMaterial(listener: (material: TlsMaterial) => void): void {
    this.#listeners.add(listener);
    listener(this.#material);
  }

  /** Looks at once whether the files have changed. */
  check(): void {
    for (const file of this.#watched) file.check();
  }

  stop(): void {
    for (const file of this.#watched) file.stop();
  }

  #reload(): void {
    try {
      const { cert, key, ca } = this.files;
      const [newCert, newKey] = [readCertificates(cert.path), readKey(key.path)];
      const fault = pairFault(newCert, newKey);
      if (fault) throw new Error(`${cert.path} and ${key.path} ${fault}`);
      const material = { cert: newCert.bytes, key: newKey.bytes, ca: ca && readCertificates(ca.path).bytes };
      this.#valid = true;
      if (isSame(material, this.#material)) return;
      this.#material = material;
      for (const listener of this.#listeners) listener(material);
      this.log.info("the certificates were read again", { certificate: cert.path, client_ca: ca?.path });
    } catch (error) {
      this.#keepLastGood(error as Error);
    }
  }

  #keepLastGood({ message }: Error): void {
    this.#valid = false;
    this.log.error("the certificates cannot be used: those from before go on to hold", { error: message });
  }
}

const isSame = (one: TlsMaterial, other: TlsMaterial) =>
  (["cert", "key", "ca"] as const).every((part) => {
    const [a, b] = [one[part], other[part]];
    return a === b || (a && b && a.length === b.length && timingSafeEqual(a, b));
  });
