import { describe, inject } from "vitest";
import { describeArchive } from "./support/conformance.js";

describe.each(inject("engines"))("the archive on $name", (engine) => {
  describeArchive(() => engine);
});
