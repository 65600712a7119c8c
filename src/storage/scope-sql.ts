import type { Ids } from "../records/ids.js";
import type { Scope } from "../records/scope.js";

interface Condition {
  readonly sql: string;
  readonly bindings: readonly string[];
}

/**
 * The condition that rows are in a scope; none where that is everything. Partial keys of the same ids are one list, which
 * every engine reads as so many ranges of an index, in its order. Lists have few lengths, so that there are few texts.
 */
export function scopeSql(
  scope: Scope | undefined,
  column = (field: string) => `t.\`${field}\``,
): Condition | undefined {
  if (!scope) return undefined;
  const named = column("");
  const made = conditions.get(scope) ?? new Map<string, Condition>();
  const known = made.get(named) ?? conditionOf(scope, column);
  conditions.set(scope, made.set(named, known));
  return known;
}

/** Those of scopes that are there for longer than a call, by how their columns are named. */
const conditions = new WeakMap<Scope, Map<string, Condition>>();

function conditionOf(scope: Scope, column: (field: string) => string): Condition {
  const alike = new Map<string, Ids[]>();
  for (const part of scope) {
    const shape = Object.keys(part).sort().join();
    const parts = alike.get(shape) ?? [];
    parts.push(part);
    alike.set(shape, parts);
  }
  const parts = [...alike.values()].map((same) => among(same, column));
  return {
    sql: parts.length === 0 ? "1 = 0" : `(${parts.map(({ sql }) => sql).join(" OR ")})`,
    bindings: parts.flatMap(({ bindings }) => bindings),
  };
}

/** That a row has all ids of one of some partial keys of the same fields. */
function among(parts: readonly Ids[], column: (field: string) => string): Condition {
  const [first] = parts;
  const fields = Object.keys(first ?? {});
  const common = fields.filter((field) => parts.every((part) => part[field] === first?.[field]));
  const others = fields.filter((field) => !common.includes(field));
  const values = (part: Ids | undefined, names: readonly string[]) => names.map((name) => part?.[name] as string);
  const equal = (names: readonly string[]) => names.map((name) => `${column(name)} = ?`);
  if (others.length === 0) return { sql: equal(common).join(" AND "), bindings: values(first, common) };
  const length = 2 ** Math.ceil(Math.log2(parts.length));
  const filled = Array.from({ length }, (_, index) => parts[index] ?? first);
  const [only] = others;
  const list =
    others.length === 1
      ? `${column(only as string)} IN (${filled.map(() => "?").join(", ")})`
      : `(${filled.map(() => `(${equal(others).join(" AND ")})`).join(" OR ")})`;
  return {
    sql: [...equal(common), list].join(" AND "),
    bindings: [...values(first, common), ...filled.flatMap((part) => values(part, others))],
  };
}
