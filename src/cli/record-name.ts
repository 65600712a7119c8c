import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypeOfField } from "../records/record-type.js";
import { usageFailure } from "./failure.js";

/** How keys are written, for the help. */
export const keysHelp = `
A record is named by its type and its key, the ids of which stand between slashes:
  run collab_1/project_1/expt_1/run_1
An id that holds a slash has %2F there, and one that holds a percent sign %25, as in URLs; any other character stands
for itself, and may be written as percent-encoded UTF-8, too.`;

/** A record type as the API's enum names it. */
export const recordTypeName = (type: RecordType): string => `RECORD_TYPE_${type.field.toUpperCase()}`;

/** The record type of a name on the command line, where it was checked. */
export function typeNamed(name: string): RecordType {
  const type = recordTypeOfField(name);
  if (!type) throw usageFailure(`there is no record type ${name}`);
  return type;
}

/** The ids of a key, which must be whole or, where that is allowed, its beginning. */
export function parseKey(type: RecordType, text: string, partial = false): Ids {
  const parts = text === "" ? [] : text.split("/");
  const form = type.key.join("/");
  if (parts.length > type.key.length || (!partial && parts.length < type.key.length)) {
    throw usageFailure(
      `${JSON.stringify(text)} is no key of a ${type.name}: it has ${parts.length} ids, not ${type.key.length} (${form}); a slash within an id is %2F`,
    );
  }
  return Object.fromEntries(parts.map((part, index) => [type.key[index], parseId(part)]));
}

function parseId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw usageFailure(`${JSON.stringify(text)} has a percent sign that encodes nothing: write it as %25`, error);
  }
}

/** A key as it is written on the command line. */
export const keyText = (type: RecordType, ids: Ids): string =>
  type.key.map((field) => idText(ids[field] ?? "")).join("/");

export const idText = (id: string): string => id.replaceAll("%", "%25").replaceAll("/", "%2F");
