import { createHash } from "node:crypto";

/**
 * A token that clients get and give back as it is: some texts, with a checksum over them and over what they belong to,
 * such as the request. It is no secret and gives no right: a forged one shows no more than its request may see.
 */
export const writeCheckedToken = (texts: readonly string[], bound: unknown): string =>
  Buffer.from(JSON.stringify([checksum(texts, bound), ...texts])).toString("base64url");

/** The texts of a token; undefined where it is damaged, or belongs to something else. */
export function readCheckedToken(token: string, bound: unknown): string[] | undefined {
  try {
    const bytes = Buffer.from(token, "base64url");
    // Decoding passes over what is not base64.
    if (bytes.toString("base64url") !== token) return undefined;
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) return undefined;
    const [sum, ...texts] = value;
    return sum === checksum(texts, bound) ? texts : undefined;
  } catch {
    return undefined;
  }
}

function checksum(texts: readonly string[], bound: unknown): string {
  const text = JSON.stringify([texts, bound], (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
