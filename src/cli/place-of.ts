/** A scope as it is shown to people. */
export const placeOf = (scope: Readonly<Record<string, unknown>>): string =>
  Object.entries(scope)
    .map(([field, id]) => `${field}=${String(id)}`)
    .join(" ") || "everywhere";
