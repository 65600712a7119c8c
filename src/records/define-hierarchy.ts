/** What is said once of each record type; see docs/architecture.md for what follows from it. */
export interface RecordDeclaration {
  /** Its number in the enum RecordType and in every oneof and list of record types. Never changes, never reused. */
  readonly number: number;
  /** The fields of its key, in the order in which keys are sorted. */
  readonly key: readonly string[];
  /** The types without whose records it cannot exist. Their keys are read off its own. */
  readonly parents: readonly string[];
  /** Types whose records a delete takes along although they need no parent of this type. */
  readonly takesAlong?: readonly string[];
  /** The name of the id that the server gives each record of an association type. */
  readonly link?: string;
}

type Declarations = Readonly<Record<string, RecordDeclaration>>;

/** The types whose whole key is part of the key of `Name`: only these can be its parents. */
type KeyedWithin<Types extends Declarations, Name extends keyof Types> = {
  [Other in keyof Types]: Other extends Name
    ? never
    : Types[Other]["key"][number] extends Types[Name]["key"][number]
      ? Other
      : never;
}[keyof Types];

/** The types whose key contains the whole key of `Name`: only these can go with it. */
type KeyedBy<Types extends Declarations, Name extends keyof Types> = {
  [Other in keyof Types]: Name extends KeyedWithin<Types, Other> ? Other : never;
}[keyof Types];

type Checked<Types extends Declarations> = {
  [Name in keyof Types]: {
    readonly parents: readonly KeyedWithin<Types, Name>[];
    readonly takesAlong?: readonly KeyedBy<Types, Name>[];
  };
};

/** Declares record types. A parent whose key cannot be read off its child's key does not compile. */
export function defineHierarchy<const Types extends Declarations>(types: Types & Checked<Types>): Types {
  return types;
}
