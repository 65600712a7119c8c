/** What must stand in no log, error or metric: credentials of tests, and what is personal in their details. */
export const markers = {
  token: "token-of-",
  metricsToken: "metrics-token-of-tests",
  personal: "marker-of-something-personal",
} as const;

const secret = new RegExp(
  [
    ...Object.values(markers),
    // A token that the program made, a JWT, a private key, and a password in an URL (other than that of usage texts).
    "synergos_[\\w-]{43}",
    "eyJ[\\w-]{10,}\\.[\\w-]{10,}",
    "BEGIN [A-Z ]*PRIVATE KEY",
    "(?:mysql|mariadb)://(?!user:password@)[^\\s:@/]+:[^\\s:@/]+@",
  ].join("|"),
);

/** The characters of what came before that could be the beginning of a secret. */
const kept = 200;

/** Where secrets were found, and what stood around them. */
export const foundSecrets: string[] = [];

/** Looks for secrets in a text that must have none. */
export function searchForSecrets(where: string, text: string): void {
  const found = secret.exec(text);
  if (!found) return;
  foundSecrets.push(`${where}: ${text.slice(Math.max(0, found.index - kept), found.index + kept)}`);
}

/** Looks for secrets in what comes piece by piece. */
export function secretsSearch(where: string): (piece: string) => void {
  let before = "";
  return (piece) => {
    searchForSecrets(where, before + piece);
    before = piece.slice(-kept);
  };
}
