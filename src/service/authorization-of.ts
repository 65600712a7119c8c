/** All credentials among raw headers, as one text: of several, Node would keep the first and say nothing of the others. */
export function authorizationOf(rawHeaders: readonly string[]): string | undefined {
  let given: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== "authorization") continue;
    const value = rawHeaders[at + 1] ?? "";
    given = given === undefined ? value : `${given}, ${value}`;
  }
  return given;
}
