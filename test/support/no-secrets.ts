import { afterAll, expect } from "vitest";
import { foundSecrets } from "./secrets.js";

// Of all that servers of a test file log, of all errors that its clients get and of all metrics that it reads.
afterAll(() => expect(foundSecrets, "secrets in logs, errors or metrics").toEqual([]));
