import { stringify as yamlText } from "yaml";
import type { Ids } from "../records/ids.js";
import { jsonText } from "../records/json-text.js";
import type { RecordType } from "../records/record-type.js";
import type { Json } from "./connection.js";
import type { OutputFormat } from "./output-format.js";
import { keyText } from "./record-name.js";
import { shortTime } from "./short-time.js";
import { Table } from "./table.js";
import { print } from "./terminal.js";

/** Writes a list of records as they come. */
export interface RecordWriter {
  add(records: readonly Json[]): void;
  /** Ends the list, with what is to be said beside the records. */
  end(more: Json): void;
}

/** Writes a list of records in a format: in JSON and YAML an object whose member `records` has them. */
export const recordWriter = (format: OutputFormat, type: RecordType): RecordWriter =>
  format === "table" ? tableWriter(type) : format === "json" ? jsonWriter() : yamlWriter();

function tableWriter(type: RecordType): RecordWriter {
  const table = new Table(["KEY", "CREATED", "UPDATED"]);
  let isEmpty = true;
  return {
    add(records) {
      if (records.length === 0) return;
      isEmpty = false;
      const rows = records.map(({ key, created_at, updated_at }) => [
        keyText(type, key as Ids),
        shortTime(created_at),
        shortTime(updated_at),
      ]);
      print(table.lines(rows));
    },
    end() {
      if (isEmpty) print(table.lines([]));
    },
  };
}

function jsonWriter(): RecordWriter {
  let isEmpty = true;
  return {
    add(records) {
      for (const record of records) {
        process.stdout.write(`${isEmpty ? '{\n  "records": [' : ","}\n    ${jsonText(record, 2, "    ")}`);
        isEmpty = false;
      }
    },
    end(more) {
      const members = Object.entries(more).map(([name, value]) => `,\n  ${JSON.stringify(name)}: ${jsonText(value)}`);
      print(`${isEmpty ? '{\n  "records": [' : "\n  "}]${members.join("")}\n}`);
    },
  };
}

function yamlWriter(): RecordWriter {
  let isEmpty = true;
  return {
    add(records) {
      if (records.length === 0) return;
      if (isEmpty) print("records:");
      isEmpty = false;
      print(
        yamlText(records)
          .trimEnd()
          .replace(/^(?=.)/gm, "  "),
      );
    },
    end(more) {
      if (isEmpty) print("records: []");
      if (Object.keys(more).length > 0) print(yamlText(more).trimEnd());
    },
  };
}
