import type { RecordDeclaration } from "./define-hierarchy.js";
import { hierarchy, type RecordKey, type RecordName } from "./hierarchy.js";

export type { RecordKey, RecordName };

/** A record type with all that follows from its declaration and those of the others. Built once, never changed. */
export interface RecordType {
  readonly name: RecordName;
  readonly number: number;
  /** Its name in oneofs and of its table: "run", "mlflow". */
  readonly field: string;
  /** Its name in Relations: "runs". */
  readonly plural: string;
  readonly key: readonly string[];
  readonly link: string | undefined;
  /** The types whose ids its link carries, the nearest the root first, itself last. Empty where it has no link. */
  readonly links: readonly { readonly link: string; readonly type: RecordType }[];
  /** The types it needs directly, as declared. */
  readonly parents: readonly RecordType[];
  /** Its parents and theirs, the nearest the root first. */
  readonly ancestors: readonly RecordType[];
  /** Everything downstream: what a read returns and a delete takes along, parents before children. */
  readonly relations: readonly RecordType[];
  /** The types that it is a relation of: its ancestors, and those whose deletion takes it along. */
  readonly relationOf: readonly RecordType[];
}

/** `Project` as it is written in field names: `project`. */
const snakeCase = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();

/** Derives the record types from their declarations. In the order of declaration, which has parents before children. */
export function deriveRecordTypes(declarations: Readonly<Record<string, RecordDeclaration>>): readonly RecordType[] {
  type Draft = { -readonly [Property in keyof RecordType]: RecordType[Property] };
  const drafts = new Map<string, Draft>();
  const named = (names: readonly string[]) =>
    [...drafts.values()].filter((draft) => names.includes(draft.name)) as readonly RecordType[];
  for (const [name, { number, key, parents, link }] of Object.entries(declarations)) {
    const field = snakeCase(name);
    const ofParents = named(parents);
    if (ofParents.length < parents.length) throw new Error(`${name} is declared before one of its parents`);
    const above = new Set(ofParents.flatMap((parent) => [...parent.ancestors, parent]));
    const draft: Draft = {
      name: name as RecordName,
      number,
      field,
      plural: `${field}s`,
      key,
      link,
      links: [],
      parents: ofParents,
      ancestors: [...drafts.values()].filter((draft) => above.has(draft)),
      relations: [],
      relationOf: [],
    };
    if (link) draft.links = [...ofParents.flatMap((parent) => parent.links), { link, type: draft }];
    drafts.set(name, draft);
  }
  // A relation of a relation is a relation; children come after their parents, so the last are complete first.
  for (const draft of [...drafts.values()].reverse()) {
    const children = [...drafts.values()].filter(
      (other) => other.parents.includes(draft) || declarations[draft.name]?.takesAlong?.includes(other.name),
    );
    const below = new Set(children.flatMap((child) => [child, ...child.relations]));
    draft.relations = [...drafts.values()].filter((other) => below.has(other));
  }
  for (const draft of drafts.values()) {
    draft.relationOf = [...drafts.values()].filter(({ relations }) => relations.includes(draft));
  }
  return [...drafts.values()].map((draft) => Object.freeze(draft));
}

/** All record types, parents before children. */
export const recordTypes = deriveRecordTypes(hierarchy);

const byName = new Map(recordTypes.map((type) => [type.name, type]));
const byNumber = new Map(recordTypes.map((type) => [type.number, type]));
const byField = new Map(recordTypes.map((type) => [type.field, type]));

/** The record type of a name, which exists. */
export function recordType(name: RecordName): RecordType {
  const type = byName.get(name);
  if (!type) throw new Error(`No record type ${name}`);
  return type;
}

/** The record type of a number of the enum RecordType. */
export const recordTypeOfNumber = (number: number): RecordType | undefined => byNumber.get(number);

/** The record type of a field of a oneof, such as "run". */
export const recordTypeOfField = (field: string): RecordType | undefined => byField.get(field);
