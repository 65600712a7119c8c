import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take longest, the longest first: begun last, one would go on alone when all others are done. */
const longest = [
  "cluster-faults",
  "model",
  "database-faults",
  "crashes",
  "change-faults",
  "races",
  "process",
  "deadlines",
  "server",
  "fuzz",
  "bench",
  "watch",
  "answer-memory",
  "interrupted-import",
  "statement-faults",
  "histories",
].map((name) => `/${name}.test.ts`);

const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = longest.findIndex((name) => moduleId.endsWith(name));
  return place < 0 ? longest.length : place;
};

/** Begins with the files that take longest, and has the others as vitest does. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
