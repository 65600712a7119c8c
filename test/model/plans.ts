import fc from "fast-check";
import type { Ids } from "../../src/records/ids.js";
import { above, keyOf, type OnConflict, types } from "./hierarchy-model.js";
import { type DrawnWrite, values, writesOf } from "./operations.js";
import type { OneImport } from "./single-call.js";

/** What a client of several is to do: a single call, or a walk over the pages of a list, one call after the other. */
export type Deed =
  | { readonly kind: "write"; readonly write: DrawnWrite; readonly validateOnly: boolean; readonly full: boolean }
  | { readonly kind: "get"; readonly type: string; readonly ids: Ids; readonly full: boolean }
  | { readonly kind: "walk"; readonly type: string; readonly filter: Ids; readonly size: number }
  | { readonly kind: "stream" | "count"; readonly type: string; readonly ids: Ids }
  | { readonly kind: "batch"; readonly writes: readonly DrawnWrite[] }
  | OneImport;

/** A deed, and after how many milliseconds its client has enough of waiting, if ever. */
export interface PlannedDeed {
  readonly deed: Deed;
  readonly patience: number | undefined;
}

/** What is there at first, and what each client then does, all of them at once. */
export interface Plan {
  readonly before: readonly DrawnWrite[];
  readonly clients: readonly (readonly PlannedDeed[])[];
}

const names = Object.keys(types);
const fields = [...new Set(names.flatMap((name) => types[name]?.key ?? []))];
const top = ["collab_id", "collaboration"];

/** One collaboration and its participants, with two ids at the most at each level: everybody is in everybody's way. */
const few: Readonly<Record<string, fc.Arbitrary<string>>> = Object.fromEntries(
  fields.map((field) => [field, top.includes(field) ? fc.constant("a") : fc.constantFrom("a", "a", "a", "b")]),
);
const first: Ids = Object.fromEntries(fields.map((field) => [field, "a"]));

/** The types whose lists are walked while others write to them: those with many neighbours below the same parents. */
const walked = ["Project", "Experiment", "Run", "Participant", "MLFlow"];

/** One collaboration with many records of one type. */
const many = (focus: string) => ({
  ...Object.fromEntries(fields.map((field) => [field, fc.constant("a")])),
  [types[focus]?.key.at(-1) as string]: fc.constantFrom("a", "b", "c", "d", "e", "f"),
});

const ofWeight = (weight: number, arbitrary: fc.Arbitrary<Deed>) => ({ weight, arbitrary });

/** Whatever is done is done to one type, those above it, and those below; or to its list alone, which is long then. */
function plansOf(focus: string, isWalk: boolean): fc.Arbitrary<Plan> {
  const relations = types[focus]?.relations ?? [];
  const family = names.filter((name) =>
    [focus, ...above(focus), ...relations, ...relations.flatMap(above)].includes(name),
  );
  const type = isWalk ? fc.constant(focus) : fc.oneof(fc.constant(focus), fc.constantFrom(...family));
  const ids = fc.record(isWalk ? many(focus) : few);
  const write = writesOf(type, ids);
  const place = fc.record({ type, ids }).map((drawn) => ({ ...drawn, ids: keyOf(drawn.type, drawn.ids) }));
  const deed: fc.Arbitrary<Deed> = fc.oneof(
    ofWeight(
      10,
      fc
        .record({
          kind: fc.constant("write" as const),
          write,
          validateOnly: fc.constantFrom(false, false, false, false, true),
          full: fc.boolean(),
        })
        // An update has no dry run.
        .map((drawn) => ({ ...drawn, validateOnly: drawn.validateOnly && drawn.write.verb !== "update" })),
    ),
    ofWeight(
      5,
      fc.tuple(place, fc.boolean()).map(([at, full]) => ({ kind: "get" as const, ...at, full })),
    ),
    ofWeight(
      isWalk ? 10 : 2,
      // Of the collaboration, or of a project or participant of it.
      fc.tuple(place, fc.subarray(["project_id", "participant_id"]), fc.constantFrom(1, 2)).map(([at, more, size]) => {
        const wanted = at.type === "Participant" ? [] : [...top, ...more];
        const filter = Object.fromEntries(Object.entries(at.ids).filter(([field]) => wanted.includes(field)));
        return { kind: "walk" as const, type: at.type, filter, size };
      }),
    ),
    ofWeight(
      1,
      fc.tuple(place, fc.constantFrom("stream" as const, "count" as const)).map(([at, kind]) => ({ kind, ...at })),
    ),
    ofWeight(
      2,
      fc.array(write, { minLength: 1, maxLength: 4 }).map((writes) => ({ kind: "batch" as const, writes })),
    ),
    ofWeight(
      1,
      fc
        .tuple(place, values, fc.constantFrom<OnConflict>("fail", "skip", "replace"))
        .map(([at, held, onConflict]) => ({ kind: "import" as const, ...at, values: held, onConflict })),
    ),
  );
  const patience = fc.oneof(
    { weight: 30, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 20 }) },
  );
  const deeds = fc.array(fc.record({ deed, patience }), { minLength: 3, maxLength: 8, size: "max" });
  // Parents before children; what is walked has its parents from the beginning.
  const chain = family.map((each) => ({
    verb: "update" as const,
    type: each,
    ids: keyOf(each, first),
    values: {},
    mask: [],
    allowMissing: true,
    choice: "none" as const,
  }));
  const present = isWalk ? fc.constant(above(focus).length) : fc.oneof(fc.constant(chain.length), fc.nat(chain.length));
  return fc.record({
    before: present.map((count) => chain.slice(0, count)),
    clients: fc.array(deeds, { minLength: 2, maxLength: 4, size: "max" }),
  });
}

/** Any plan. */
export const plan: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...names).chain((focus) => plansOf(focus, false)) },
  { weight: 1, arbitrary: fc.constantFrom(...walked).chain((focus) => plansOf(focus, true)) },
);
