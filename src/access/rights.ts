import { createHash } from "node:crypto";
import { joinKey } from "../records/compare-keys.js";
import type { Ids, SomeIds } from "../records/ids.js";
import { levelsIn } from "../records/mask-details.js";
import { type Level, levels, messageShape } from "../records/message-shape.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { covers, isWithin, meets, narrowed, type Scope } from "../records/scope.js";
import { type Verb, verbs } from "./define-roles.js";
import { type Grant, reachedBy } from "./grant.js";

/** The most partial keys that what one may do with one type may come to. */
export const maxScopes = 64;

/** A part of a type's records, and which sensitive fields are shown of them. */
interface Seen {
  readonly part: Ids;
  readonly sees: ReadonlySet<Level>;
}

/** The parts that name the same ids, by these: a record is looked up among them, however many they are. */
interface Shape {
  readonly fields: readonly string[];
  readonly sees: ReadonlyMap<string, ReadonlySet<Level>>;
}

/** What some grants allow, made ready once for all calls. */
export class Rights {
  readonly digest: string;
  readonly #scopes = new Map<Verb, Map<RecordType, Scope>>();
  readonly #seen = new Map<RecordType, readonly Seen[]>();
  readonly #shapes = new Map<RecordType, readonly Shape[]>();

  constructor(readonly grants: readonly Grant[]) {
    for (const verb of verbs) {
      this.#scopes.set(verb, new Map(recordTypes.map((type) => [type, scopeOf(grants, verb, type)])));
    }
    for (const type of recordTypes) {
      const seen = seenBy(grants, type);
      this.#seen.set(type, seen);
      this.#shapes.set(type, shapesOf(seen));
    }
    const said = recordTypes.map((type) => [
      type.name,
      (this.#seen.get(type) ?? []).map(({ part, sees }) => `${textOf(part)} ${[...sees].sort()}`).sort(),
    ]);
    this.digest = createHash("sha256").update(JSON.stringify(said)).digest("base64url").slice(0, 16);
  }

  /** What may be done to which records of a type. {} alone is everything. */
  scope(verb: Verb, type: RecordType): Scope {
    return this.#scopes.get(verb)?.get(type) ?? [];
  }

  /** The types of which there are more partial keys than may be. */
  tooWide(): readonly RecordType[] {
    return recordTypes.filter((type) => verbs.some((verb) => this.scope(verb, type).length > maxScopes));
  }

  visible(type: RecordType): Scope | undefined {
    const scope = this.scope("read", type);
    return isEverything(scope) ? undefined : scope;
  }

  hidden(type: RecordType, key: Ids): ReadonlySet<Level> | undefined {
    // Most types have nothing to hide: of these nothing is asked, and their records are shown as they are stored.
    const sensitive = levelsOf.get(type) ?? [];
    if (sensitive.length === 0) return undefined;
    const shapes = this.#shapes.get(type) ?? [];
    const hidden = sensitive.filter(
      (level) => !shapes.some(({ fields, sees }) => sees.get(joinKey(fields, key))?.has(level)),
    );
    return hidden.length === 0 ? undefined : hiddenSets.get(hidden.join());
  }

  mayCreate(type: RecordType, key: SomeIds): boolean {
    // That its parents are missing would tell about them.
    return this.may("write", type, key) && type.parents.every((parent) => this.may("read", parent, key));
  }

  may(verb: Verb, type: RecordType, key: SomeIds): boolean {
    return covers(this.scope(verb, type), key);
  }

  /** Whether there may be any record with some ids that it may see. */
  mayList(type: RecordType, equal: SomeIds): boolean {
    return meets(this.scope("read", type), equal);
  }

  /** Whether it may delete a record: then it sees all that goes with it, whatever there is. */
  mayDelete(type: RecordType, key: SomeIds): boolean {
    return this.may("delete", type, key) && [type, ...type.relations].every((each) => this.seesAll(each, type, key));
  }

  /** Whether it sees all records of a type that go with a record, whatever there are. */
  seesAll(relation: RecordType, type: RecordType, key: SomeIds): boolean {
    return narrowed(this.scope("read", relation), keyOf(type, key)) === undefined;
  }

  /** Whether everything that other rights allow and show is allowed and shown by these. */
  includes(other: Rights): boolean {
    return (
      verbs.every((verb) =>
        recordTypes.every((type) => other.scope(verb, type).every((part) => covers(this.scope(verb, type), part))),
      ) &&
      recordTypes.every((type) =>
        (other.#seen.get(type) ?? []).every(({ part, sees }) =>
          [...sees].every((level) =>
            this.#seen.get(type)?.some((mine) => mine.sees.has(level) && isWithin(part, mine.part)),
          ),
        ),
      )
    );
  }
}

const isEverything = (scope: Scope) => scope.some((part) => Object.keys(part).length === 0);

const keyOf = (type: RecordType, key: SomeIds): Ids =>
  Object.fromEntries(type.key.map((field) => [field, key[field] ?? ""]));

/** The levels that there are in each type's details. */
const levelsOf = new Map(
  recordTypes.map((type) => {
    const found = levelsIn(messageShape(`${type.name}Details`));
    return [type, levels.filter((level) => found.has(level))];
  }),
);

/** The sets of levels by what they hold: few, made once. */
const hiddenSets = new Map(
  Array.from({ length: 2 ** levels.length }, (_, bits): [string, ReadonlySet<Level>] => {
    const set = levels.filter((_, index) => Math.floor(bits / 2 ** index) % 2 === 1);
    return [set.join(), new Set(set)];
  }),
);

/** What the grants allow with a type, without what is part of something else that they allow. */
function scopeOf(grants: readonly Grant[], verb: Verb, type: RecordType): Scope {
  const parts = grants.flatMap((grant) => partOf(grant, verb, type));
  const unique = [...new Map(parts.map((part) => [textOf(part), part])).values()];
  return unique.filter((part) => !unique.some((other) => other !== part && isWithin(part, other)));
}

function partOf(grant: Grant, verb: Verb, type: RecordType): Ids[] {
  const reach = grant.role.may[type.name]?.[verb];
  const part = reach && reachedBy(grant, reach, type);
  return part ? [part] : [];
}

function shapesOf(seen: readonly Seen[]): readonly Shape[] {
  const shapes = new Map<string, { fields: readonly string[]; sees: Map<string, ReadonlySet<Level>> }>();
  for (const { part, sees } of seen) {
    const fields = Object.keys(part).sort();
    const shape = shapes.get(fields.join()) ?? { fields, sees: new Map() };
    shapes.set(fields.join(), shape);
    shape.sees.set(joinKey(fields, part), sees);
  }
  return [...shapes.values()];
}

const textOf = (part: Ids) => JSON.stringify(Object.entries(part).sort());

function seenBy(grants: readonly Grant[], type: RecordType): readonly Seen[] {
  const seen = new Map<string, Seen>();
  for (const grant of grants) {
    for (const part of partOf(grant, "read", type)) {
      const sees = new Set([...grant.role.sees, ...grant.sees, ...(seen.get(textOf(part))?.sees ?? [])]);
      seen.set(textOf(part), { part, sees });
    }
  }
  return [...seen.values()];
}
