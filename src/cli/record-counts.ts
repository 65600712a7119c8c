import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import type { Connection, Json } from "./connection.js";
import { recordTypeName } from "./record-name.js";
import { table } from "./table.js";

/** How many records of each type are downstream of a record: counted by the server, which sends none of them. */
export async function countsBelow(connection: Connection, type: RecordType, key: Ids): Promise<Json[]> {
  if (type.relations.length === 0) return [];
  const request = { key: { [type.field]: { ...key } } };
  const { counts = [] } = await connection.call("ArchiveService", "CountDescendants", request);
  return (counts as Json[]).filter(({ record_type }) => record_type !== recordTypeName(type));
}

const typeOfCount = ({ record_type }: Json) => recordTypes.find((type) => recordTypeName(type) === record_type)?.name;

const numberText = (number: unknown) => Number(number).toLocaleString("en-US");

/** Counts in one line: "3 Run, 1,000 Validation". */
export const countsText = (counts: readonly Json[]): string =>
  counts.map((count) => `${numberText(count.count)} ${typeOfCount(count)}`).join(", ");

/** Counts as a table. */
export const countsTable = (counts: readonly Json[]): string =>
  table(
    ["TYPE", "RECORDS"],
    counts.map((count) => [typeOfCount(count) ?? "", numberText(count.count)]),
  );
