import type {
  DeleteOperation,
  UpdateOperation,
  WriteOperation,
} from "../../../generated/ts/synergos/archive/v1/archive_service.js";
import type { ArchiveKey } from "../../../generated/ts/synergos/archive/v1/records.js";
import type { DeepPartial, Given } from "./deep-partial.js";
import { isPlainObject, kindOf, pathStep } from "./field-path.js";
import { invalid } from "./invalid-argument.js";
import { type KeyOf, type RecordName, type RecordOf, recordServices } from "./record-services.js";

type ByType = { readonly [Name in RecordName]: unknown };

/** One property of several, by its name: `{ project: … }`, and no second one. */
type OneOf<Values> = {
  readonly [Name in keyof Values]: { readonly [Only in Name]: Values[Only] } & {
    readonly [Other in Exclude<keyof Values, Name>]?: never;
  };
}[keyof Values];

/** One property, named after a record type. */
type ByName<Values extends ByType> = OneOf<Values>;

type Keys = { readonly [Name in RecordName]: KeyOf<Name> };
type Contents = {
  readonly [Name in RecordName]: {
    readonly key: KeyOf<Name>;
    readonly details?: DeepPartial<RecordOf<Name>["details"]> | undefined;
  };
};
type Updates = { readonly [Name in RecordName]: Contents[Name] & Given<Omit<UpdateOperation, "record">> };
type Deletes = { readonly [Name in RecordName]: { readonly key: Keys[Name] } & Given<Omit<DeleteOperation, "key">> };

/** The key of a record of any type: `{ project: { collab_id, project_id } }`. */
export type AnyKey = ByName<Keys>;

interface Verbs {
  readonly create: ByName<Contents>;
  readonly update: ByName<Updates>;
  readonly upsert: ByName<Updates>;
  readonly delete: ByName<Deletes>;
}

/** One write of a batch, given as to the record type's own method: `{ create: { project: { key, details } } }`. */
export type Write = OneOf<Verbs>;

/** The most writes that the archive takes at once. */
const maxWrites = 1000;

/** The writes of a batch as messages have them. */
export function writeOperations(writes: Iterable<Write>): DeepPartial<WriteOperation>[] {
  const given: unknown = writes;
  if (typeof given !== "object" || given === null || !(Symbol.iterator in given)) {
    throw invalid("operations", `must be an array of writes or another iterable, not ${kindOf(given)}`);
  }
  const operations = [];
  for (const write of writes) {
    if (operations.length === maxWrites)
      throw invalid("operations", `must not be more than ${maxWrites}: send several batches`);
    operations.push(writeOperation(write, `operations[${operations.length}]`));
  }
  return operations;
}

/** A key as a message has it. */
export const archiveKey = (key: AnyKey, path: string): DeepPartial<ArchiveKey> => ({ key: oneof<Keys>(key, path) });

/** A write as a message has it. What belongs to the operation is no field of the record. */
function writeOperation(write: Write, path: string): DeepPartial<WriteOperation> {
  const verb = onlyName(write, verbs, path);
  if (write.create) {
    const { record, settings } = split<Contents>(write.create, `${path}.${verb}`);
    return { operation: { $case: "create", value: { ...settings, record: { record } } } };
  }
  if (write.delete) {
    const { key, settings } = split<Deletes>(write.delete, `${path}.${verb}`);
    return { operation: { $case: "delete", value: { ...settings, key: { key } } } };
  }
  const { record, settings } = split<Updates>(write.update ?? write.upsert, `${path}.${verb}`);
  const allowed = write.upsert ? { allow_missing: true } : {};
  return { operation: { $case: "update", value: { ...settings, ...allowed, record: { record } } } };
}

const verbs = { create: true, update: true, upsert: true, delete: true };

/** A value of a type of records, as the generated code has oneofs. */
type Case<Values extends ByType, Name extends RecordName = RecordName> = {
  readonly [Only in Name]: { readonly $case: Only; readonly value: Values[Only] };
}[Name];

/** What was given for a record, apart from what belongs to the operation. */
interface Split<Values extends ByType> {
  readonly key: Case<Keys>;
  readonly record: Case<Contents>;
  readonly settings: Omit<Values[RecordName], "key" | "details">;
}

function split<Values extends ByType>(named: ByName<Values>, path: string): Split<Values> {
  const { $case, value } = caseOf(named, path);
  const { key, details, ...settings } = value;
  // That the name and the values belong together is what ByName says.
  return {
    key: { $case, value: key },
    record: { $case, value: { key, details } },
    settings,
  } as unknown as Split<Values>;
}

/** `{ project: value }` as the generated code has it: `{ $case: "project", value }`. */
const oneof = <Values extends ByType>(named: ByName<Values>, path: string): Case<Values> =>
  caseOf(named, path) as unknown as Case<Values>;

function caseOf(
  named: object,
  path: string,
): { readonly $case: string; readonly value: Readonly<Record<string, unknown>> } {
  const $case = onlyName(named, recordServices, path);
  const value: unknown = Reflect.get(named, $case);
  if (!isPlainObject(value)) throw invalid(`${path}.${$case}`, `must be an object, not ${kindOf(value)}`);
  return { $case, value };
}

/** The one name that an object has, which must be among some. */
function onlyName(given: unknown, among: object, path: string): string {
  const expected = `must have exactly one of ${Object.keys(among).join(", ")}`;
  if (!isPlainObject(given)) throw invalid(path, `${expected}, and is ${kindOf(given)}`);
  const names = Object.keys(given).filter((name) => given[name] !== undefined);
  const [name, ...others] = names;
  if (name === undefined) throw invalid(path, `${expected}, and has none`);
  if (others.length > 0 || !Object.hasOwn(among, name))
    throw invalid(path, `${expected}, not ${names.map(pathStep).join(", ")}`);
  return name;
}
