import { recordTypes } from "../../src/records/record-type.js";
import type { TestDatabase } from "./database.js";

/** All that the tables hold but for times, etags and record ids, which are new with each write: one text for each row. */
export async function tableState(database: TestDatabase): Promise<string[]> {
  const parts = recordTypes.map(
    ({ field, key }) =>
      `SELECT CONCAT_WS('/', '${field}', ${key.map((id) => `\`${id}\``).join(", ")}) AS id, details FROM \`${field}\``,
  );
  const rows = await database.sql(parts.join(" UNION ALL "));
  return rows.map(({ id, details }) => `${id} ${details}`).sort();
}
