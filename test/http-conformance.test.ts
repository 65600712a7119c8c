import { describe, inject } from "vitest";
import { describeArchive } from "./support/conformance.js";
import type { Engine } from "./support/databases.js";

// What an edge has to do with it does not depend on the database: one engine is enough.
const engine = (): Engine => {
  const [first] = inject("engines");
  if (!first) throw new Error("this test needs a database");
  return first;
};

describe.each(["json", "proto"] as const)("the archive over HTTP, in %s", (http) => {
  describeArchive(engine, { http });
});
