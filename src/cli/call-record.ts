import type { RecordType } from "../records/record-type.js";
import type { Connection, Json } from "./connection.js";

/** Calls a method of a record type's service. */
export const callRecord = (
  connection: Connection,
  type: RecordType,
  verb: string,
  request: Json,
  more?: Readonly<Record<string, unknown>>,
): Promise<Json> => connection.call(`${type.name}Service`, `${verb}${type.name}`, request, more);
