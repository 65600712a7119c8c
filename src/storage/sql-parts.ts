import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import type { Query } from "./query.js";

// What the statements about records are made of, from the record types alone: ids and details are always parameters. What
// most calls run is built once for each type.

/** A statement whose parameters are ids: the names of their fields. */
export interface Template {
  readonly sql: string;
  readonly fields: readonly string[];
}

export const filled = ({ sql, fields }: Template, key: Ids): Query => ({ sql, bindings: values(fields, key) });

/** Makes something for each type once. */
export function perType<Made>(make: (type: RecordType) => Made): (type: RecordType) => Made {
  const made = new Map<RecordType, Made>();
  return (type) => {
    const known = made.get(type);
    if (known !== undefined) return known;
    const fresh = make(type);
    made.set(type, fresh);
    return fresh;
  };
}

/** The most fields of a key, and the most ids of a link, of any record type. */
export const maxKeyFields = Math.max(...recordTypes.map(({ key }) => key.length));
export const maxLinks = Math.max(...recordTypes.map(({ links }) => links.length));

/** The names of the columns that hold a record's ids, and those of its link. */
const slotNames = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}${index}`);
export const keySlots = slotNames("k", maxKeyFields);
export const linkSlots = slotNames("l", maxLinks);

export const quote = (name: string) => `\`${name}\``;
export const table = (type: RecordType) => quote(type.field);
export const equals = (fields: readonly string[], alias = "t") =>
  fields.map((field) => `${alias}.${quote(field)} = ?`).join(" AND ");
export const values = (fields: readonly string[], key: Ids) => fields.map((field) => key[field] as string);
export const sameKey = (fields: readonly string[], one: string, other: string) =>
  fields.map((field) => `${one}.${quote(field)} = ${other}.${quote(field)}`).join(" AND ");
export const slots = (count: number, expressions: readonly string[], names: readonly string[]) =>
  names.slice(0, count).map((name, index) => `${expressions[index] ?? "NULL"} AS ${name}`);
/** So many keys, filled up with the last one: few numbers of them make few texts. */
export const filledUp = (keys: readonly Ids[], count: number): readonly Ids[] => [
  ...keys,
  ...Array.from({ length: count - keys.length }, () => keys.at(-1) as Ids),
];
export const repeated = (text: string, times: number) => Array.from({ length: times }, () => text).join(", ");
export const union = (parts: readonly Template[]): Template => ({
  sql: parts.map(({ sql }) => sql).join(" UNION ALL "),
  fields: parts.flatMap(({ fields }) => fields),
});

/** A record's ids as columns: k0, k1, … */
const keyColumns = (type: RecordType, count = type.key.length) =>
  slots(
    count,
    type.key.map((field) => `t.${quote(field)}`),
    keySlots,
  );

/** The ids of its link, as l0, l1, …: those that belong to records above it are read there, where they are true. */
export const linkColumns = (type: RecordType, count = type.links.length) =>
  slots(
    count,
    type.links.map(({ link, type: owner }) =>
      owner === type
        ? `t.${quote(link)}`
        : `(SELECT o.${quote(link)} FROM ${table(owner)} o WHERE ${sameKey(owner.key, "o", "t")})`,
    ),
    linkSlots,
  );

export const ownColumns = [
  "t.details",
  "t.record_id",
  "t.created_at",
  "t.updated_at",
  "t.etag",
  "t.created_by",
  "t.updated_by",
];

/** The columns of a record, its type known from the statement. Each costs as much as some ids do: no more than needed. */
const ids = perType((type) => keyColumns(type));
const others = perType((type) => [...linkColumns(type), ...ownColumns].join(", "));
export const columns = perType((type) => [...ids(type), others(type)].join(", "));

/** The same without those ids that are given. */
export const columnsBeside = (type: RecordType, isGiven: (field: string) => boolean): string =>
  [...ids(type).filter((_, index) => !isGiven(type.key[index] as string)), others(type)].join(", ");

/** The columns of a record of any type, the same for all, so that one UNION ALL can hold several types. */
export const anyColumns = perType((type) =>
  [`${type.number} AS type`, ...keyColumns(type, maxKeyFields), ...linkColumns(type, maxLinks), ...ownColumns].join(
    ", ",
  ),
);

/** The records of a type of which some ids are given, in a union. */
export const select = (type: RecordType, fields: readonly string[]): Template => ({
  sql: `SELECT ${anyColumns(type)} FROM ${table(type)} t WHERE ${equals(fields)}`,
  fields,
});

export const one = (type: RecordType, own: readonly string[]): Template => ({
  sql: `SELECT ${[...linkColumns(type), ...own].join(", ")} FROM ${table(type)} t WHERE ${equals(type.key)}`,
  fields: type.key,
});
/** A SELECT that ends with its conditions, with further ones. */
export const also = ({ sql, bindings }: Query, condition: Query | undefined): Query =>
  condition
    ? { sql: `${sql} AND ${condition.sql}`, bindings: [...bindings, ...condition.bindings] }
    : { sql, bindings };

export const unionOf = (parts: readonly Query[]): Query => ({
  sql: parts.map(({ sql }) => sql).join(" UNION ALL "),
  bindings: parts.flatMap(({ bindings }) => bindings),
});

/** All relations, or none: the choices between are too many for each to be worth preparing. */
export const isUsual = (type: RecordType, relations: readonly RecordType[]) =>
  relations.length === type.relations.length;
