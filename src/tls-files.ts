import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { usageFailure } from "./cli/failure.js";

/** A file of certificates or of a key, as PEM. */
export interface PemFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Reads a file of one certificate or more. Throws an Error that ends a sentence on the file's option. */
export function readCertificates(path: string): PemFile {
  const file = readPem(path);
  const blocks = file.bytes.toString("latin1").match(/-----BEGIN [^-]*CERTIFICATE-----[^-]*-----END [^-]*-----/g) ?? [];
  if (blocks.length === 0) throw new Error(`names a file that holds no certificate as PEM: ${path}`);
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch {
      throw new Error(`names a file whose certificate ${index + 1} is damaged: ${path}`);
    }
  }
  return file;
}

/** Reads a file of a private key. */
export function readKey(path: string): PemFile {
  const file = readPem(path);
  const text = file.bytes.toString("latin1");
  if (/ENCRYPTED/.test(text)) {
    throw new Error(`names a key with a passphrase, which nobody is there to type: write it without one: ${path}`);
  }
  if (!/-----BEGIN [^-]*PRIVATE KEY-----/.test(text)) {
    throw new Error(`names a file that holds no private key as PEM: ${path}`);
  }
  try {
    createPrivateKey(file.bytes);
  } catch {
    throw new Error(`names a file whose private key is damaged: ${path}`);
  }
  return file;
}

/** Checks that the certificate and the key of the options belong together, and that they can be used. */
export function checkPair(certificate: PemFile, key: PemFile): void {
  const fault = pairFault(certificate, key);
  if (fault) throw usageFailure(`--tls-cert ${certificate.path} and --tls-key ${key.path} ${fault}`);
}

/** Why a certificate and a key cannot be used together, as the end of a sentence; undefined where they can. */
export function pairFault(certificate: PemFile, key: PemFile): string | undefined {
  if (!new X509Certificate(certificate.bytes).checkPrivateKey(createPrivateKey(key.bytes))) {
    return "do not make a pair: the key is another certificate's";
  }
  try {
    createSecureContext({ cert: certificate.bytes, key: key.bytes });
    return undefined;
  } catch (error) {
    return `cannot be used: ${(error as Error).message}`;
  }
}

/** When a certificate ends, if it has. */
export function expiry({ bytes }: PemFile): string | undefined {
  const { validTo } = new X509Certificate(bytes);
  return Date.parse(validTo) < Date.now() ? validTo : undefined;
}

function readPem(path: string): PemFile {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > 0) return { path, bytes };
  } catch (error) {
    throw new Error(`names a file that cannot be read (${(error as NodeJS.ErrnoException).code}): ${path}`);
  }
  throw new Error(`names an empty file: ${path}`);
}
