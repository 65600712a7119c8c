/**
 * Writes what is alike for all record types from their one table, src/records/hierarchy.ts: records.proto and one
 * service a type. The details messages are written by hand beside them. Run by `make generate`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { type RecordType, recordTypes } from "../src/records/record-type.js";

const folder = new URL("../proto/synergos/archive/v1/", import.meta.url);
const header = `// Generated from src/records/hierarchy.ts by \`make generate\`. Do not edit.

syntax = "proto3";

package synergos.archive.v1;
`;

/** What a record of a type is called in a sentence, with its article. */
const singular = (type: RecordType) => {
  const noun =
    { MLFlow: "MLflow entry", Model: "model record" }[type.name as string] ?? type.field.replaceAll("_", " ");
  return `${/^([aeiou]|ML)/.test(noun) ? "an" : "a"} ${noun}`;
};

const idDocs: Record<string, string> = {
  collab_id: "Id of the collaboration",
  project_id: "Id of the project",
  expt_id: "Id of the experiment",
  run_id: "Id of the run",
  participant_id: "Id of the participant",
  collaboration: "Id of the collaboration, or another name for it",
  project: "Id of the project, or another name for it",
  record: 'What the name belongs to, such as "e" for an experiment or "e_>_r" for a run',
  name: "The name in MLflow",
};

/** What an id is of. Thrown, not written as "undefined", for a field that nobody described yet. */
function idDoc(field: string): string {
  const text = idDocs[field];
  if (!text) throw new Error(`describe the key field ${field} in idDocs`);
  return text;
}

const names = (types: readonly RecordType[]) => types.map((type) => type.name).join(", ");
const parentsDoc = (type: RecordType) =>
  type.parents.length === 0
    ? "It needs no parents"
    : `Its ${type.parents.length === 1 ? "parent is" : "parents are"} ${type.parents.map((parent) => `the ${parent.name}`).join(" and ")} of its key`;
const sentence = (text: string) => text[0]?.toUpperCase() + text.slice(1);
const importing = (files: readonly string[]) => files.map((file) => `import "${file}";`).join("\n");
const own = (file: string) => `synergos/archive/v1/${file}.proto`;

/** The link's fields: the ids of the records whose links it carries, the nearest the root first, its own last. */
const linkMessage = (type: RecordType) => `
// The server's own ids for ${singular(type)}: random, 32 hexadecimal digits, the same for the life of the record. Import
// takes those that it is given.
message ${type.name}Link {
${type.links
  .map(
    ({ link, type: owner }, index) => `  // Id of ${owner === type ? "this record" : `its ${owner.name}`}.
  string ${link} = ${index + 1};`,
  )
  .join("\n")}
}
`;

const record = (type: RecordType) => `
// The key of ${singular(type)}. Every id has 1 to 128 characters, none of them a control character, the first and last no
// white space, and is compared byte by byte.
message ${type.name}Key {
${type.key.map((field, index) => `  // ${idDoc(field)}.\n  string ${field} = ${index + 1};`).join("\n")}
}
${type.link ? linkMessage(type) : ""}
// ${sentence(singular(type))}. ${parentsDoc(type)}.
message ${type.name} {
  // Which record it is.
  ${type.name}Key key = 1;
  // What it says.
  ${type.name}Details details = 2;
${type.link ? `  // Set by the server: its ids.\n  ${type.name}Link link = 3;\n` : ""}  // Set by the server: a number below 2^53, unique among the records of this type, never used again.
  int64 record_id = 4;
  // Set by the server, or by Import: when it was created, UTC. Kept by updates.
  google.protobuf.Timestamp created_at = 5;
  // Set by the server, or by Import: when it was last changed, UTC.
  google.protobuf.Timestamp updated_at = 6;
  // Set by the server: changes with every change.
  string etag = 7;
  // In view FULL: everything downstream of it.
  Relations relations = 8;
  // In view FULL: its parents and theirs, up to the root.
  Ancestors ancestors = 9;
  // Set by the server: the name of the principal that created it. Empty where nobody had to say who asks, as before
  // access control was there or while it is off.
  string created_by = 10;
  // Set by the server: the name of the principal that changed it last. Empty likewise.
  string updated_by = 11;
  // What there is not for this caller: paths within details, as update_mask has them. They are absent whether they are
  // set or not, so that a masked field is never taken for one that is unset. Replacing details keeps what is masked.
  repeated string masked = 12;
}
`;

const byNumber = [...recordTypes].sort((one, other) => one.number - other.number);
const related = byNumber.filter((type) => type.ancestors.length > 0);
const withChildren = byNumber.filter((type) => recordTypes.some((other) => other.ancestors.includes(type)));
const oneof = (suffix: string) =>
  byNumber
    .map((type) => `    // ${sentence(singular(type))}.\n    ${type.name}${suffix} ${type.field} = ${type.number};`)
    .join("\n");

const records = `${header}
${importing(["google/protobuf/timestamp.proto", ...byNumber.map((type) => own(type.field)).sort()])}
${recordTypes.map(record).join("")}
// Everything downstream of a record, by type, each list in the order of keys. The records in it have neither
// relations nor ancestors.
message Relations {
${related.map((type) => `  // The ${type.name} records.\n  repeated ${type.name} ${type.plural} = ${type.number};`).join("\n")}
}

// A record's parents, and theirs up to the root. The records in it have neither relations nor ancestors.
message Ancestors {
${withChildren.map((type) => `  // Its ${type.name}.\n  ${type.name} ${type.field} = ${type.number};`).join("\n")}
}

// A record of any type.
message ArchiveRecord {
  // Required. The record, by its type.
  oneof record {
${oneof("")}
  }
}

// The key of a record of any type.
message ArchiveKey {
  // Required. The key, by the record's type.
  oneof key {
${oneof("Key")}
  }
}
`;

const service = (type: RecordType) => {
  const { name } = type;
  const a = singular(type);
  const relations = names(type.relations) || "none";
  return `${header}
${importing(
  ["google/protobuf/field_mask.proto", own("options"), own("record_type"), own("records"), own(type.field)].sort(),
)}

// Keeps ${a.replace(/^an? /, "")} records. ${parentsDoc(type)}; its relations: ${relations}.
//
// Every error carries a google.rpc.ErrorInfo with the domain "archive.synergos" and a reason. Malformed input is
// INVALID_ARGUMENT, reason INVALID_FIELD, with every field violation; a database that cannot be reached is
// UNAVAILABLE, reason DATABASE_UNAVAILABLE; a conflict that outlasts the server's retries is ABORTED, reason CONFLICT.
// What exceeds a limit is RESOURCE_EXHAUSTED, with a reason that says which, such as RECORD_TOO_LARGE; too many values
// are INVALID_ARGUMENT, reason TOO_MANY_VALUES. What could not be answered for its size is not done either.
service ${name}Service {
  // Creates ${a}. ALREADY_EXISTS, reason RECORD_EXISTS, where the key is taken${
    type.parents.length === 0
      ? ""
      : "; FAILED_PRECONDITION, reason\n  // PARENT_NOT_FOUND, naming every record above it that is missing"
  }.
  rpc Create${name}(Create${name}Request) returns (Create${name}Response);
  // Returns ${a}. NOT_FOUND, reason RECORD_NOT_FOUND, where there is none; RESOURCE_EXHAUSTED, reason
  // RESPONSE_TOO_LARGE, where it outgrows the server's message limit (narrow relation_types, or use StreamDescendants).
  rpc Get${name}(Get${name}Request) returns (Get${name}Response);
  // Lists records in the order of keys, page by page. RESOURCE_EXHAUSTED, reason RESPONSE_TOO_LARGE, where one record
  // alone, with its relations, outgrows the server's message limit.
  rpc List${name}(List${name}Request) returns (List${name}Response);
  // Replaces or changes the details of ${a}. NOT_FOUND where there is none; ABORTED, reason ETAG_MISMATCH, where
  // etag is given and differs; where allow_missing creates it, the errors of Create${name}.
  rpc Update${name}(Update${name}Request) returns (Update${name}Response);
  // Deletes ${a} and everything downstream of it (${relations}) in one transaction. NOT_FOUND where there is none;
  // ABORTED, reason ETAG_MISMATCH, where etag is given and differs; FAILED_PRECONDITION, reason HAS_RELATIONS, where
  // cascade is RESTRICT and there is anything downstream.
  rpc Delete${name}(Delete${name}Request) returns (Delete${name}Response);
}

// What to create.
message Create${name}Request {
  // Required. Its key.
  ${name}Key key = 1;
  // Its details; none is the same as empty ones.
  ${name}Details details = 2;
  // Only check: answer as if it had been created (without record_id and link), and change nothing.
  bool validate_only = 3;
}

// What was created.
message Create${name}Response {
  // The record, in view BASIC.
  ${name} record = 1;
}

// Which record to get.
message Get${name}Request {
  // Required. Its key.
  ${name}Key key = 1;
  // How much of it; FULL unless set.
  View view = 2;
  // In view FULL: the types of relations to load (of: ${relations}); all unless set.
  repeated RecordType relation_types = 3;
}

// What was found.
message Get${name}Response {
  // The record.
  ${name} record = 1;
}

// Which records to list. Unset fields match everything.
message ${name}Filter {
${type.key.map((field, index) => `  // ${idDoc(field)}, whole.\n  optional string ${field} = ${index + 1};`).join("\n")}
  // What the last id of the key, ${type.key.at(-1)}, begins with.
  string id_prefix = 15;
}

// Which records to list, and how.
message List${name}Request {
  // Which records; all unless set.
  ${name}Filter filter = 1;
  // How much of each; BASIC unless set.
  View view = 2;
  // In view FULL: the types of relations to load (of: ${relations}); all unless set.
  repeated RecordType relation_types = 3;
  // The most records to return; 100 unless set, 1,000 at the most. A page has fewer where more would make the answer too
  // large: next_page_token alone tells whether more follow.
  int32 page_size = 4;
  // The next_page_token of the page before, with otherwise the same request (page_size and with_total may differ).
  // INVALID_ARGUMENT, reason INVALID_PAGE_TOKEN, where it belongs to another request or is damaged.
  string page_token = 5;
  // Also count all records that match.
  bool with_total = 6;
}

// A page of records.
message List${name}Response {
  // The records, in the order of keys.
  repeated ${name} records = 1;
  // What asks for the next page; empty on the last.
  string next_page_token = 2;
  // If asked for by with_total: the number of all records that match.
  optional int32 total_size = 3;
}

// What to change.
message Update${name}Request {
  // Required. Its key.
  ${name}Key key = 1;
  // The new details, or those of them that update_mask names.
  ${name}Details details = 2;
  // Paths within details to change; nested fields and single keys of a map or Struct too ("a.b"; a key that holds
  // other characters than letters, digits, _ and - stands in backquotes). A path that details does not set is cleared.
  // Unset or "*": all, which replaces the details.
  google.protobuf.FieldMask update_mask = 3;
  // Create the record where there is none, by the rules of Create${name}.
  bool allow_missing = 4;
  // Change it only if this is still its etag.
  string etag = 5;
}

// What was changed.
message Update${name}Response {
  // The record as it is now, in view BASIC.
  ${name} record = 1;
}

// Which record to delete.
message Delete${name}Request {
  // Required. Its key.
  ${name}Key key = 1;
  // Delete it only if this is still its etag.
  string etag = 2;
  // Answer without a record, rather than with NOT_FOUND, where there is none.
  bool allow_missing = 3;
  // What to do with everything downstream of it; RECURSIVE unless set.
  Cascade cascade = 4;
  // Only tell what would be deleted, and change nothing.
  bool validate_only = 5;
  // How much of the deleted record to return; BASIC unless set.
  View view = 6;
}

// What was deleted.
message Delete${name}Response {
  // The record as it was; unset where allow_missing found none.
  ${name} record = 1;
  // How many records were deleted, by type, itself included; types of which there were none are left out.
  repeated RecordCount deleted = 2;
}
`;
};

mkdirSync(folder, { recursive: true });
writeFileSync(new URL("records.proto", folder), records);
for (const type of recordTypes) writeFileSync(new URL(`${type.field}_service.proto`, folder), service(type));
