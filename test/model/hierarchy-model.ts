import type { Ids } from "../../src/records/ids.js";

/**
 * What the archive is to do, as short as it can be said: a table of record types as the contract has it (section 2),
 * written out by hand and independent of the service's own, and each operation on a plain map.
 */

/** Key fields, parents and relations, as the contract's two tables list them; parents before children. */
export const types: Readonly<Record<string, { key: string[]; parents: string[]; relations: string[] }>> = {
  Collaboration: {
    key: ["collab_id"],
    parents: [],
    relations: [
      "Project",
      "Experiment",
      "Run",
      "Model",
      "Validation",
      "Prediction",
      "Registration",
      "Tag",
      "Alignment",
    ],
  },
  Participant: {
    key: ["participant_id"],
    parents: [],
    relations: ["Registration", "Tag", "Alignment", "Validation", "Prediction"],
  },
  Project: {
    key: ["collab_id", "project_id"],
    parents: ["Collaboration"],
    relations: ["Experiment", "Run", "Model", "Validation", "Prediction", "Registration", "Tag", "Alignment"],
  },
  Experiment: {
    key: ["collab_id", "project_id", "expt_id"],
    parents: ["Project"],
    relations: ["Run", "Model", "Validation", "Prediction"],
  },
  Run: {
    key: ["collab_id", "project_id", "expt_id", "run_id"],
    parents: ["Experiment"],
    relations: ["Model", "Validation", "Prediction"],
  },
  Model: {
    key: ["collab_id", "project_id", "expt_id", "run_id"],
    parents: ["Run"],
    relations: ["Validation", "Prediction"],
  },
  Validation: {
    key: ["collab_id", "project_id", "expt_id", "run_id", "participant_id"],
    parents: ["Run", "Participant"],
    relations: [],
  },
  Prediction: {
    key: ["collab_id", "project_id", "expt_id", "run_id", "participant_id"],
    parents: ["Run", "Participant"],
    relations: [],
  },
  Registration: {
    key: ["collab_id", "project_id", "participant_id"],
    parents: ["Project", "Participant"],
    relations: ["Tag", "Alignment"],
  },
  Tag: {
    key: ["collab_id", "project_id", "participant_id"],
    parents: ["Registration"],
    relations: ["Alignment"],
  },
  Alignment: { key: ["collab_id", "project_id", "participant_id"], parents: ["Tag"], relations: [] },
  MLFlow: { key: ["collaboration", "project", "record", "name"], parents: [], relations: [] },
};

/** What a record holds, of which the model knows two values: each may be absent. */
export type Values = Readonly<{ a?: number; b?: number }>;

/** A record of the model. Its etag is the number of the write that made it what it is. */
export interface Entry {
  readonly type: string;
  readonly ids: Ids;
  readonly values: Values;
  readonly etag: number;
}

/** All records, by `idOf`. Never changed: each operation makes another. */
export type State = ReadonlyMap<string, Entry>;

/** The name of a record: its type, and the ids of its key and no others. */
export const idOf = (type: string, ids: Ids): string =>
  [type, ...fields(type).map((field) => ids[field] as string)].join("\n");

const fields = (type: string) => types[type]?.key ?? [];
const parentsOf = (type: string) => types[type]?.parents ?? [];
const relationsOf = (type: string) => types[type]?.relations ?? [];

/** The ids of a type's key and no others. */
export const keyOf = (type: string, ids: Ids): Ids =>
  Object.fromEntries(fields(type).map((field) => [field, ids[field] as string]));

/** A write of one record; `etag` is that of the write whose result must still be there. */
export type Write =
  | { readonly verb: "create"; readonly type: string; readonly ids: Ids; readonly values: Values }
  | {
      readonly verb: "update";
      readonly type: string;
      readonly ids: Ids;
      readonly values: Values;
      readonly mask: readonly ("a" | "b")[];
      readonly allowMissing: boolean;
      readonly etag?: number;
    }
  | {
      readonly verb: "delete";
      readonly type: string;
      readonly ids: Ids;
      readonly restrict: boolean;
      readonly allowMissing: boolean;
      readonly etag?: number;
    };

/** What an operation answers: an error's reason, or records and how many were deleted of each type. */
export interface Answer {
  readonly reason?: string;
  readonly entries?: readonly Entry[];
  readonly deleted?: Readonly<Record<string, number>>;
}

export interface Result {
  readonly state: State;
  readonly answer: Answer;
}

/** Everything downstream of a record, in the order of its relations. */
export const downstream = (state: State, type: string, ids: Ids): Entry[] =>
  relationsOf(type).flatMap((relation) => list(state, relation, keyOf(type, ids)));

/** A type's parents and theirs. */
export const above = (type: string): string[] => [
  ...new Set(parentsOf(type).flatMap((parent) => [...above(parent), parent])),
];

/** A record's parents and theirs. */
export const upstream = (state: State, type: string, ids: Ids): Entry[] =>
  above(type).flatMap((parent) => state.get(idOf(parent, ids)) ?? []);

/** The records of a type that have some ids, in the order of keys, byte by byte. */
export function list(state: State, type: string, filter: Ids, prefix = ""): Entry[] {
  const last = fields(type).at(-1) as string;
  return [...state.values()]
    .filter((entry) => entry.type === type && entry.ids[last]?.startsWith(prefix))
    .filter(({ ids }) => Object.entries(filter).every(([field, id]) => ids[field] === id))
    .sort((one, other) => compareKeys(type, one.ids, other.ids));
}

/** Which of two keys comes first: byte by byte. */
export function compareKeys(type: string, one: Ids, other: Ids): number {
  for (const field of fields(type)) {
    const order = Buffer.compare(Buffer.from(one[field] as string), Buffer.from(other[field] as string));
    if (order !== 0) return order;
  }
  return 0;
}

const failed = (state: State, reason: string): Result => ({ state, answer: { reason } });

/** Does one write. `number` tells it from all others. */
export function write(state: State, operation: Write, number: number): Result {
  const { verb, type, ids } = operation;
  const id = idOf(type, ids);
  const present = state.get(id);
  if (verb === "create") {
    if (present) return failed(state, "RECORD_EXISTS");
    if (parentsOf(type).some((parent) => !state.has(idOf(parent, ids)))) return failed(state, "PARENT_NOT_FOUND");
    const entry = { type, ids: keyOf(type, ids), values: operation.values, etag: number };
    return { state: new Map(state).set(id, entry), answer: { entries: [entry] } };
  }
  if (!present && verb === "delete" && operation.allowMissing) return { state, answer: { entries: [], deleted: {} } };
  if (!present && !operation.allowMissing) return failed(state, "RECORD_NOT_FOUND");
  if (operation.etag !== undefined && operation.etag !== present?.etag) return failed(state, "ETAG_MISMATCH");
  if (verb === "update") {
    const { mask, values } = operation;
    const kept = Object.entries(present?.values ?? {}).filter(
      ([name]) => mask.length > 0 && !mask.includes(name as "a"),
    );
    const given = Object.entries(values).filter(([name]) => mask.length === 0 || mask.includes(name as "a"));
    const changed: Values = Object.fromEntries([...kept, ...given]);
    if (!present) return write(state, { verb: "create", type, ids, values: changed }, number);
    const entry = { ...present, values: changed, etag: number };
    return { state: new Map(state).set(id, entry), answer: { entries: [entry] } };
  }
  const below = downstream(state, type, ids);
  if (operation.restrict && below.length > 0) return failed(state, "HAS_RELATIONS");
  const gone = [present as Entry, ...below];
  const left = new Map(state);
  const deleted: Record<string, number> = {};
  for (const entry of gone) {
    left.delete(idOf(entry.type, entry.ids));
    deleted[entry.type] = (deleted[entry.type] ?? 0) + 1;
  }
  return { state: left, answer: { entries: [present as Entry], deleted } };
}

/** Does all of some writes, or none; `failedAt` is the first that fails. */
export function batch(state: State, operations: readonly Write[], number: number) {
  const answers: Answer[] = [];
  let after = state;
  for (const [index, operation] of operations.entries()) {
    const result = write(after, operation, number + index);
    if (result.answer.reason) return { state, reason: result.answer.reason, failedAt: index, answers: [] };
    answers.push(result.answer);
    after = result.state;
  }
  return { state: after, reason: undefined, failedAt: undefined, answers };
}

/** What an import does where another record has the key. */
export type OnConflict = "fail" | "skip" | "replace";

/** Takes one record of an import: what became of it, and why it was refused if it was. */
export function importRecord(
  state: State,
  { type, ids, values }: { readonly type: string; readonly ids: Ids; readonly values: Values },
  onConflict: OnConflict,
  number: number,
): { readonly state: State; readonly outcome: string; readonly reason?: string } {
  const present = state.get(idOf(type, ids));
  if (!present) {
    const created = write(state, { verb: "create", type, ids, values }, number);
    const { reason } = created.answer;
    return reason ? { state, outcome: "refused", reason } : { state: created.state, outcome: "created" };
  }
  if (present.values.a === values.a && present.values.b === values.b) return { state, outcome: "unchanged" };
  if (onConflict === "skip") return { state, outcome: "skipped" };
  if (onConflict === "fail") return { state, outcome: "refused", reason: "RECORD_EXISTS" };
  const replaced = { ...present, values, etag: number };
  return { state: new Map(state).set(idOf(type, ids), replaced), outcome: "replaced" };
}
