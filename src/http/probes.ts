import type { Page } from "./http-server.js";

/** The pages that supervisors ask. That this process answers is all that /livez says: it never asks the database. */
export const probes = (health: { readonly isServing: boolean }): ReadonlyMap<string, Page> =>
  new Map<string, Page>([
    ["/livez", () => ({ status: 200, text: "ok\n" })],
    [
      "/readyz",
      () =>
        health.isServing
          ? { status: 200, text: "ok\n" }
          : { status: 503, text: "not ready: the database cannot be used, or the server is about to stop\n" },
    ],
  ]);
