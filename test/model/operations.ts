import fc from "fast-check";
import type { Ids } from "../../src/records/ids.js";
import { above, keyOf, type OnConflict, types, type Values, type Write } from "./hierarchy-model.js";

/** Which etag a write gives: none, that of the record as it is, or one of another life. */
export type EtagChoice = "none" | "current" | "stale";

/** A write before it is known which etag that is. */
export type DrawnWrite = Write & { readonly choice: EtagChoice };

export type Operation =
  | { readonly kind: "write"; readonly write: DrawnWrite; readonly validateOnly: boolean; readonly full: boolean }
  | { readonly kind: "get"; readonly type: string; readonly ids: Ids; readonly full: boolean; readonly asked: string[] }
  | {
      readonly kind: "list";
      readonly type: string;
      readonly filter: Ids;
      readonly prefix: string;
      readonly full: boolean;
      readonly pageSize: number;
    }
  | { readonly kind: "stream"; readonly type: string | undefined; readonly ids: Ids; readonly asked: string[] }
  | { readonly kind: "batch"; readonly writes: readonly DrawnWrite[] }
  | {
      readonly kind: "import";
      readonly records: readonly { readonly type: string; readonly ids: Ids; readonly values: Values }[];
      readonly onConflict: OnConflict;
      readonly validateOnly: boolean;
    };

/** Parents before children. */
const names = Object.keys(types);

/** Few ids, so that operations meet: of different length, case and script, one the beginning of another. */
const id = fc.constantFrom("a", "A", "ab", "é/ %");
const fields = [...new Set(Object.values(types).flatMap(({ key }) => key))];
const ids: fc.Arbitrary<Ids> = fc.record(
  Object.fromEntries(
    // Most operations are about the same few subtrees; the upper ids vary least.
    fields.map((field) => [field, fc.oneof({ weight: 4, arbitrary: fc.constant("a") }, { weight: 1, arbitrary: id })]),
  ),
);
export const values: fc.Arbitrary<Values> = fc.record(
  { a: fc.integer({ min: 0, max: 3 }), b: fc.integer({ min: 0, max: 3 }) },
  { requiredKeys: [] },
);
const type = fc.constantFrom(...names);

const withOwnIds = <Drawn extends { readonly type: string; readonly ids: Ids }>(drawn: Drawn): Drawn => ({
  ...drawn,
  ids: keyOf(drawn.type, drawn.ids),
});
const choice = fc.constantFrom<EtagChoice>("none", "none", "none", "current", "stale");

/** Any write of a record of some types, with some ids. */
export function writesOf(type: fc.Arbitrary<string>, ids: fc.Arbitrary<Ids>): fc.Arbitrary<DrawnWrite> {
  const create = fc
    .record({ verb: fc.constant("create" as const), type, ids, values, choice: fc.constant("none" as const) })
    .map(withOwnIds);
  const update = fc
    .record({
      verb: fc.constant("update" as const),
      type,
      ids,
      values,
      mask: fc.subarray(["a", "b"] as const),
      allowMissing: fc.boolean(),
      choice,
    })
    // A masked update of nothing makes a record without what its type requires; and an MLFlow entry has no free values.
    .map((drawn) => {
      const mask = drawn.type === "MLFlow" ? [] : drawn.mask;
      return { ...withOwnIds(drawn), mask, allowMissing: drawn.allowMissing && mask.length === 0 };
    });
  const remove = fc
    .record({
      verb: fc.constant("delete" as const),
      type,
      ids,
      restrict: fc.boolean(),
      allowMissing: fc.boolean(),
      choice,
    })
    .map(withOwnIds);
  return fc.oneof({ weight: 4, arbitrary: create }, { weight: 3, arbitrary: update }, { weight: 1, arbitrary: remove });
}

const write = writesOf(type, ids);

/** A record, those above it, and some below, so that children often find their parents, and parents have children. */
const tree = type.chain((root) =>
  fc.tuple(fc.subarray(types[root]?.relations ?? []), ids, values).map(([below, chosen, held]) => {
    const wanted = [root, ...below].flatMap((each) => [...above(each), each]);
    return names
      .filter((each) => wanted.includes(each))
      .map((each) => withOwnIds({ type: each, ids: chosen, values: held }));
  }),
);

const asked = (name: string) => fc.subarray(types[name]?.relations ?? []);

/** Any operation. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      write,
      validateOnly: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
      full: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: type.chain((name) =>
      fc
        .record({
          kind: fc.constant("get" as const),
          type: fc.constant(name),
          ids,
          full: fc.boolean(),
          asked: asked(name),
        })
        .map(withOwnIds),
    ),
  },
  {
    weight: 3,
    arbitrary: type.chain((name) =>
      fc.record({
        kind: fc.constant("list" as const),
        type: fc.constant(name),
        filter: fc.record(Object.fromEntries((types[name]?.key ?? []).map((field) => [field, id])), {
          requiredKeys: [],
        }) as fc.Arbitrary<Ids>,
        prefix: fc.constantFrom("", "", "a", "é"),
        full: fc.boolean(),
        pageSize: fc.constantFrom(0, 1, 2, 5),
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.option(type, { nil: undefined }).chain((name) =>
      fc.record({
        kind: fc.constant("stream" as const),
        type: fc.constant(name),
        ids,
        asked: name ? asked(name) : fc.subarray(names),
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("batch" as const),
      writes: fc.oneof(
        fc.array(write, { maxLength: 6 }),
        tree.map((records) =>
          records.map((each) => ({
            verb: "update" as const,
            mask: [],
            allowMissing: true,
            choice: "none" as const,
            ...each,
          })),
        ),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("import" as const),
      // Parents come before children, as an import is to have them.
      records: fc
        .oneof(tree, fc.array(fc.record({ type, ids, values }).map(withOwnIds), { maxLength: 6 }))
        .map((records) => records.toSorted((one, other) => names.indexOf(one.type) - names.indexOf(other.type))),
      onConflict: fc.constantFrom("fail" as const, "skip" as const, "replace" as const),
      validateOnly: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
  },
);
