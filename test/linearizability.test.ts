import { expect, test } from "vitest";
import { type History, isExplained, type MadeCall, smallest } from "./model/history.js";
import type { SeenEntry } from "./model/observe.js";
import type { SingleAnswer, SingleCall } from "./model/single-call.js";

const ids = { collab_id: "c" };
const values = (a: number) => ({ a });
const entry = (etag: string, a: number): SeenEntry => ({ type: "Collaboration", ids, values: values(a), etag });
const writing = (write: (SingleCall & { kind: "write" })["write"]): SingleCall => ({
  kind: "write",
  write,
  validateOnly: false,
  full: false,
});
const create = (a: number) => writing({ verb: "create", type: "Collaboration", ids, values: values(a) });
const update = (a: number, etag?: number) => {
  const given = etag === undefined ? {} : { etag };
  const allowMissing = false;
  return writing({ verb: "update", type: "Collaboration", ids, values: values(a), mask: [], allowMissing, ...given });
};
const remove: SingleCall = writing({
  verb: "delete",
  type: "Collaboration",
  ids,
  restrict: false,
  allowMissing: false,
});
const get: SingleCall = { kind: "get", type: "Collaboration", ids, full: false };
const nothing = { reason: "RECORD_NOT_FOUND" };
const gone = (etag: string, a: number) => ({ entries: [entry(etag, a)], counts: [{ Collaboration: 1 }] });

type Line = readonly [called: number, returned: number, call: SingleCall, answer?: SingleAnswer<SeenEntry>];

/** A history of calls, whose writes have the numbers 10, 20, 30, …, and the etags "10", "20", "30", …. */
function history(...lines: readonly Line[]): History {
  const calls = lines.map(
    ([called, returned, call, answer], index): MadeCall => ({
      client: `${index}`,
      called,
      returned,
      call,
      number: (index + 1) * 10,
      answer,
    }),
  );
  const told = calls.flatMap(({ call, number, answer }) =>
    call.kind === "write" && call.write.verb !== "delete" && answer?.entries ? [number] : [],
  );
  return { calls, etags: new Map(told.map((number) => [String(number), number])) };
}

const ok = (etag: string, a: number) => ({ entries: [entry(etag, a)] });
const created: Line = [1, 2, create(0), ok("10", 0)];
const never = Number.POSITIVE_INFINITY;

test.each<[string, History]>([
  ["calls one after the other", history(created, [3, 4, update(1), ok("20", 1)], [5, 6, get, ok("20", 1)])],
  [
    "a read of what was before a write that is under way",
    history(created, [3, 6, update(1), ok("20", 1)], [4, 5, get, ok("10", 0)]),
  ],
  [
    "a read of what a write that is under way has written",
    history(created, [3, 6, update(1), ok("20", 1)], [4, 5, get, ok("20", 1)]),
  ],
  [
    "two writes in the order of their answers turned round",
    history(created, [3, 5, update(1), ok("20", 1)], [4, 6, update(2), ok("30", 2)], [7, 8, get, ok("20", 1)]),
  ],
  [
    "a write that nobody knows of and that was done",
    history(created, [3, never, update(1)], [5, 6, get, { entries: [entry("x", 1)] }]),
  ],
  [
    "a write that nobody knows of and that was not done",
    history(created, [3, never, update(1)], [5, 6, get, ok("10", 0)]),
  ],
  [
    "a write that nobody knows of and that is done late",
    history(created, [3, never, remove], [5, 6, get, ok("10", 0)], [7, 8, get, nothing]),
  ],
])("%s is explained", (_, given) => {
  expect(isExplained(given)).toBe(true);
});

test.each<[string, History]>([
  ["a stale read", history(created, [3, 4, update(1), ok("20", 1)], [5, 6, get, ok("10", 0)])],
  [
    "a read that goes back",
    history(created, [3, 8, update(1), ok("20", 1)], [4, 5, get, ok("20", 1)], [6, 7, get, ok("10", 0)]),
  ],
  ["a lost update", history(created, [3, 5, update(1, 10), ok("20", 1)], [4, 6, update(2, 10), ok("30", 2)])],
  [
    "an update that is lost without an etag",
    history(created, [3, 4, update(1), ok("20", 1)], [5, 6, remove, gone("10", 0)]),
  ],
  ["a create done twice", history([1, 3, create(0), ok("10", 0)], [2, 4, create(1), ok("20", 1)])],
  ["a refusal of one's own create", history([1, 2, create(0), { reason: "RECORD_EXISTS" }], [3, 4, get, ok("x", 0)])],
  ["a delete that is undone", history(created, [3, 4, remove, gone("10", 0)], [5, 6, get, ok("10", 0)])],
  [
    "a write that nobody knows of and that is done twice",
    history(
      created,
      [3, never, update(1)],
      [4, 5, get, { entries: [entry("x", 1)] }],
      [6, 7, update(2), ok("40", 2)],
      [8, 9, get, { entries: [entry("y", 1)] }],
    ),
  ],
  [
    "a page that skips what is there",
    history(created, [
      3,
      4,
      { kind: "page", type: "Collaboration", filter: {}, prefix: "", size: 1, after: undefined },
      { entries: [], more: false },
    ]),
  ],
  [
    "half of a cascade",
    history(
      created,
      [
        3,
        4,
        writing({ verb: "create", type: "Project", ids: { ...ids, project_id: "p" }, values: {} }),
        { entries: [{ type: "Project", ids: { ...ids, project_id: "p" }, values: {}, etag: "20" }] },
      ],
      [5, 8, remove, { ...gone("10", 0), counts: [{ Collaboration: 1, Project: 1 }] }],
      [6, 7, { ...get, full: true } as SingleCall, ok("10", 0)],
    ),
  ],
])("%s is not explained", (_, given) => {
  expect(isExplained(given)).toBe(false);
});

test("what is not explained is told with as few calls as can be", () => {
  const given = history(
    created,
    [3, 4, get, ok("10", 0)],
    [5, 6, update(1), ok("30", 1)],
    [7, 8, get, ok("30", 1)],
    [9, 10, update(2), ok("50", 2)],
    [11, 12, get, ok("30", 1)],
    [13, 14, get, ok("50", 2)],
  );
  // The create is known to be there and no more: what it answered does not matter.
  const { calls } = smallest(given);
  expect(calls.filter(({ answer }) => answer).map(({ number }) => number)).toEqual([30, 50, 60]);
  expect(isExplained({ ...given, calls })).toBe(false);
});
