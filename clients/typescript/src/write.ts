import type {
  DeleteOperation,
  UpdateOperation,
  WriteOperation,
} from "../../../generated/ts/synergos/archive/v1/archive_service.js";
import type { ArchiveKey } from "../../../generated/ts/synergos/archive/v1/records.js";
import type { DeepPartial, Given } from "./deep-partial.js";
import type { KeyOf, RecordName, RecordOf } from "./record-services.js";

type ByType = { readonly [Name in RecordName]: unknown };

/** One property, named after a record type: `{ project: … }`. */
type ByName<Values extends ByType> = {
  readonly [Name in RecordName]: { readonly [Only in Name]: Values[Name] };
}[RecordName];

type Keys = { readonly [Name in RecordName]: KeyOf<Name> };
type Contents = {
  readonly [Name in RecordName]: {
    readonly key: KeyOf<Name>;
    readonly details?: DeepPartial<RecordOf<Name>["details"]>;
  };
};
type Updates = { readonly [Name in RecordName]: Contents[Name] & Given<Omit<UpdateOperation, "record">> };
type Deletes = { readonly [Name in RecordName]: { readonly key: Keys[Name] } & Given<Omit<DeleteOperation, "key">> };

/** The key of a record of any type: `{ project: { collab_id, project_id } }`. */
export type AnyKey = ByName<Keys>;

/** One write of a batch, given as to the record type's own method: `{ create: { project: { key, details } } }`. */
export type Write =
  | { readonly create: ByName<Contents> }
  | { readonly update: ByName<Updates> }
  | { readonly upsert: ByName<Updates> }
  | { readonly delete: ByName<Deletes> };

/** A key as a message has it. */
export const archiveKey = (key: AnyKey): DeepPartial<ArchiveKey> => ({ key: oneof<Keys>(key) });

/** A write as a message has it. What belongs to the operation is no field of the record, and is left out there. */
export function writeOperation(write: Write): DeepPartial<WriteOperation> {
  if ("create" in write) {
    return { operation: { $case: "create", value: { record: { record: oneof<Contents>(write.create) } } } };
  }
  if ("delete" in write) {
    const given = oneof<Deletes>(write.delete);
    return { operation: { $case: "delete", value: { ...given.value, key: { key: keyOf(given) } } } };
  }
  const record = oneof<Updates>("update" in write ? write.update : write.upsert);
  const allowed = "upsert" in write ? { allow_missing: true } : {};
  return { operation: { $case: "update", value: { ...record.value, ...allowed, record: { record } } } };
}

/** A value of a type of records, as the generated code has oneofs. */
type Case<Values extends ByType, Name extends RecordName = RecordName> = {
  readonly [Only in Name]: { readonly $case: Only; readonly value: Values[Only] };
}[Name];

const keyOf = <Name extends RecordName>({ $case, value }: Case<Deletes, Name>): Case<Keys, Name> => ({
  $case,
  value: value.key,
});

/** `{ project: value }` as the generated code has it: `{ $case: "project", value }`. */
function oneof<Values extends ByType>(named: ByName<Values>): Case<Values> {
  const [entry, ...others] = Object.entries(named);
  if (!entry || others.length > 0) throw new TypeError(`one record type expected, not: ${Object.keys(named)}`);
  // That the name and the value belong together is what ByName says.
  return { $case: entry[0], value: entry[1] } as Case<Values>;
}
