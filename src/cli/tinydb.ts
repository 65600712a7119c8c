import { ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import { type FieldViolation, pathStep } from "../records/field-violation.js";
import type { Ids } from "../records/ids.js";
import { messageShape } from "../records/message-shape.js";
import { fromPayload, type Payload, type PayloadValue } from "../records/payload.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { unsaid } from "../records/unsaid.js";
import type { FoundRecord, ImportSource, Problem } from "./import-source.js";
import { JsonFault, JsonParser, type Member, placesIn } from "./parse-json.js";

/** Members of documents that say again what is in the key, and which id it is. */
const inKey: Readonly<Record<string, Ids>> = {
  Participant: { id: "participant_id" },
  MLFlow: { collaboration: "collaboration", project: "project", record: "record", name: "name" },
};

/** Fields that older layouts did not have and that are required now, by what they follow from. */
const derived: Readonly<Record<string, (document: Payload) => Payload>> = {
  Registration: (document) => ({
    n_count: BigInt(Object.keys(document).filter((name) => /^node_\d+$/.test(name)).length),
  }),
};

/**
 * The predecessor's archive: one JSON object of tables, each an object of documents. Documents are found by their
 * brackets first and then read one by one, so that a broken one keeps no other from being read.
 */
export function tinyDbSource(text: string): ImportSource {
  const parser = new JsonParser(text, plainTime);
  const placeIn = placesIn(text);
  const problems: Problem[] = [];
  const tables = new Map<string, Member[]>();
  const placed = (offset: number, document?: string) => () => ({ document, ...placeIn(offset) });
  /** Keeps what is broken; once, where it keeps others from being read. */
  const report = (error: unknown, document?: string): Problem => {
    if (!(error instanceof JsonFault)) throw error;
    return { place: placed(error.offset, document), reason: "INVALID_JSON", message: error.message };
  };
  try {
    const file = parser.membersAt(0);
    let end: number | undefined;
    for (let table = file.next(); ; table = file.next(end)) {
      if (table.done) {
        parser.endAt(table.value);
        break;
      }
      const documents: Member[] = [];
      tables.set(table.value.name, documents);
      end = undefined;
      try {
        const members = parser.membersAt(table.value.offset);
        let document = members.next();
        for (; !document.done; document = members.next()) documents.push(document.value);
        end = document.value;
      } catch (error) {
        problems.push(report(error, `table ${table.value.name}`));
      }
    }
  } catch (error) {
    if (problems.length === 0) problems.push(report(error));
  }
  for (const [name, documents] of tables) {
    const [first] = documents;
    if (!first || recordTypes.some((type) => type.name === name)) continue;
    const message = `${name} is no table that the archive knows: ${documents.length} documents are left out`;
    problems.push({ place: placed(first.offset, `table ${name}`), reason: "UNKNOWN_TABLE", message });
  }
  return {
    format: "tinydb",
    total: recordTypes.reduce((sum, { name }) => sum + (tables.get(name)?.length ?? 0), 0),
    *items() {
      yield* problems;
      for (const type of recordTypes) {
        for (const { name, offset } of tables.get(type.name) ?? []) {
          const document = `${type.name} ${name}`;
          try {
            yield recordOf(type, parser.valueAt(offset), placed(offset, document));
          } catch (error) {
            yield { ...report(error, document), type };
          }
        }
      }
    },
  };
}

/** A document as a record, or what is wrong with it. */
function recordOf(type: RecordType, document: PayloadValue, place: Problem["place"]): FoundRecord | Problem {
  const violations: FieldViolation[] = [];
  const { key: givenKey, created_at, updated_at, ...rest } = asObject(document, "document", violations);
  const aliases = inKey[type.name] ?? {};
  const idsInRest = Object.fromEntries(
    Object.entries(aliases).flatMap(([name, field]) => (rest[name] === undefined ? [] : [[field, rest[name]]])),
  );
  const key = ids("key", type.key, asObject(givenKey ?? idsInRest, "key", violations), violations);
  for (const field of type.key) {
    if (key[field] === undefined) violations.push({ field: `key.${field}`, description: "is required" });
  }
  for (const [name, field] of Object.entries(aliases)) {
    if (rest[name] !== undefined && rest[name] !== key[field]) {
      violations.push({ field: name, description: `must be the key's ${field}` });
    }
    delete rest[name];
  }
  let link: Ids = {};
  if (type.link) {
    const fields = type.links.map((each) => each.link);
    link = ids("link", fields, asObject(rest.link ?? {}, "link", violations), violations);
    delete rest.link;
  }
  const payload = { ...derived[type.name]?.(rest), ...rest };
  const details = fromPayload(messageShape(`${type.name}Details`), payload, "details", violations);
  const given = Object.entries({ created_at, updated_at }).filter(([, time]) => time !== undefined);
  const times = fromPayload(messageShape(type.name), Object.fromEntries(given) as Payload, "", violations);
  if (violations.length > 0) {
    const fields = violations.map(({ field, description }) => ({ field: field.replace(/^\./, ""), description }));
    const message = fields.map(({ field, description }) => `${field} ${description}`).join("; ");
    return { place, type, key, reason: "INVALID_FIELD", message, violations: fields };
  }
  const whole = Object.fromEntries(type.links.map((each) => [each.link, link[each.link] ?? ""]));
  const value = { ...unsaid, ...times, key, details, ...(type.link ? { link: whole } : {}) };
  const record = { $case: type.field, value } as unknown as ArchiveRecord["record"];
  return { place, type, key, link, bytes: ArchiveRecord.encode({ record }).finish() };
}

function asObject(value: PayloadValue, field: string, violations: FieldViolation[]): Payload {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  violations.push({ field, description: "must be an object" });
  return {};
}

/** The ids that an object has of some fields. */
function ids(path: string, fields: readonly string[], given: Payload, violations: FieldViolation[]): Ids {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, id]) => {
      const field = `${path}.${pathStep(name)}`;
      if (!fields.includes(name)) violations.push({ field, description: `is none of ${fields.join(", ")}` });
      else if (typeof id !== "string") violations.push({ field, description: "must be text" });
      else return [[name, id]];
      return [];
    }),
  );
}

/**
 * TinyDB's dates and durations as proto JSON writes them. Dates without a time zone (N) count as UTC, as those with one
 * (A) are: the file does not say what they were.
 */
function plainTime(text: string): string {
  if (!text.startsWith("{Tiny")) return text;
  const [, date, time] = /^\{TinyDate\}:(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) [NA]$/.exec(text) ?? [];
  if (date) return `${date}T${time}Z`;
  const [, days, seconds] = /^\{TinyDelta\}:(-?\d+)\.(\d+)$/.exec(text) ?? [];
  return days ? `${Number(days) * 86_400 + Number(seconds)}s` : text;
}
