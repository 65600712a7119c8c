import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Access } from "../../src/access/access.js";
import { ArchiveClient } from "./client.js";
import { markers, searchForSecrets } from "./secrets.js";

/** The token of a principal of the tests. */
export const tokenOf = (name: string): string => `${markers.token}${name}`;

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export interface TestGrant {
  readonly role: string;
  readonly scope?: Readonly<Record<string, string>>;
  readonly participant?: string;
  readonly sees?: readonly string[];
}

/** An access file in which each principal has its token. JSON is YAML. */
export const accessText = (
  principals: Readonly<Record<string, readonly TestGrant[]>>,
  others: Readonly<Record<string, unknown>> = {},
): string =>
  JSON.stringify(
    {
      ...others,
      principals: Object.entries(principals).map(([name, grants]) => ({
        name,
        tokens: [{ sha256: sha256(tokenOf(name)) }],
        grants,
      })),
    },
    null,
    2,
  );

/** An access file in a folder of its own, and what reads it. */
export function openAccess(text: string) {
  const folder = mkdtempSync(join(tmpdir(), "access-"));
  const path = join(folder, "access.yaml");
  writeFileSync(path, text);
  const lines: { readonly message: string; readonly details: unknown }[] = [];
  const log = (message: string, details?: object) => {
    searchForSecrets("the log of an access file", JSON.stringify([message, details]));
    return lines.push({ message, details });
  };
  const access = new Access(path, { info: log, error: log });
  return {
    access,
    lines,
    /** Changes the file, and has it read. */
    write(changed: string) {
      writeFileSync(path, changed);
      access.check();
    },
    close() {
      access.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A client of a principal. */
export const clientOf = (address: string, name: string): ArchiveClient => withToken(address, tokenOf(name));

export const withToken = (address: string, token: string): ArchiveClient =>
  new ArchiveClient(address, undefined, {}, { authorization: `Bearer ${token}` });
