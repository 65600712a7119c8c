/**
 * A message as text that is the same for two messages exactly if nobody can tell them apart: 1 is not 1n, 0 is not -0,
 * NaN is NaN. Members have no order, and what is unset is not there.
 */
export function canonical(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${members
    .map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`)
    .sort()
    .join(",")}}`;
}
