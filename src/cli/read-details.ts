import { type Document, parseDocument } from "yaml";
import { messageShape } from "../records/message-shape.js";
import type { PayloadValue } from "../records/payload.js";
import type { RecordType } from "../records/record-type.js";
import type { Json } from "./connection.js";
import { exactJson } from "./exact-json.js";
import { usageFailure } from "./failure.js";
import { readBytes } from "./input.js";
import { JsonFault, JsonParser } from "./parse-json.js";
import { note } from "./terminal.js";
import { wholeText } from "./whole-text.js";
import { YamlFault, yamlValue } from "./yaml-value.js";

/** The most characters of details: far more than a server takes. */
const maxDetails = 2 ** 28;

/**
 * Details out of a file or the standard input, which are JSON or YAML: the first is nearly all of the second, and NaN
 * needs no quotes there. Nothing is no details: a pipe whose beginning failed must not empty a record.
 */
export async function readDetails(file: string, type: RecordType): Promise<Json> {
  if (file === "-" && process.stdin.isTTY) note("Details, as JSON or YAML; Ctrl-D ends them:");
  const name = file === "-" ? "the standard input" : file;
  const text = await wholeText(readBytes(file), name, maxDetails);
  const value = plainJson(text) ?? plainYaml(text, name);
  if (value === null) {
    throw usageFailure(`${name} holds no details: give an object as JSON or YAML, and {} for one without members`);
  }
  if (typeof value !== "object" || Array.isArray(value)) throw usageFailure(`${name} holds no object`);
  return exactJson(messageShape(`${type.name}Details`), value, "details") as Json;
}

/** The value of a text that is JSON, which is read much faster than YAML. */
function plainJson(text: string): PayloadValue | undefined {
  try {
    return new JsonParser(text).whole();
  } catch (error) {
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}

function plainYaml(text: string, name: string): PayloadValue {
  const document = parsed(text, name);
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) {
    const at = fault.linePos?.[0];
    const where = at ? ` at line ${at.line}, column ${at.col}` : "";
    const message = fault.message.replace(/( at line \d+, column \d+)?:?\n[\s\S]*/, "");
    throw usageFailure(`${name} is neither JSON nor YAML${where}: ${message}`, fault);
  }
  try {
    return yamlValue(document, text);
  } catch (error) {
    if (error instanceof YamlFault) throw usageFailure(`${name} ${error.message}`, error);
    throw error;
  }
}

function parsed(text: string, name: string): Document.Parsed {
  try {
    return parseDocument(text, { intAsBigInt: true, version: "1.2", schema: "core", merge: false });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw usageFailure(`${name} nests too deep to be read`, error);
  }
}
