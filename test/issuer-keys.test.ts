import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { IssuerKeys } from "../src/access/issuer-keys.js";
import { until } from "./support/wait.js";

describe("the keys of an issuer", () => {
  let published: JWK[];
  /** Whether it takes questions and answers none. */
  let isAway = false;
  const unanswered = new Set<ServerResponse>();
  let asked = 0;
  const answer = (response: ServerResponse) => response.end(JSON.stringify({ keys: published }));
  const login = createServer((_, response) => {
    asked++;
    if (!isAway) return void answer(response);
    unanswered.add(response);
    response.once("close", () => unanswered.delete(response));
  });
  let now = 0;
  let keys: IssuerKeys;
  const make = async (kid: string) => ({ ...(await exportJWK((await generateKeyPair("ES256")).publicKey)), kid });
  const find = async (kid: string) => keys.find({ alg: "ES256", kid }, { payload: "", signature: "" });

  beforeAll(async () => {
    await new Promise<void>((resolve) => login.listen(0, "127.0.0.1", resolve));
  });
  beforeEach(async () => {
    const url = `http://127.0.0.1:${(login.address() as AddressInfo).port}/`;
    keys = new IssuerKeys(
      url,
      () => undefined,
      () => now,
    );
    isAway = false;
    published = [await make("old")];
    await find("old");
    asked = 0;
  });
  afterAll(() => {
    login.closeAllConnections();
    login.close();
  });

  test("are taken though they are old, without a wait for an issuer that does not answer", async () => {
    isAway = true;
    now += 11 * 60_000;
    await find("old");
    await until("it is asked", () => unanswered.size === 1);
    await find("old");
    expect([asked, unanswered.size]).toEqual([1, 1]);
    isAway = false;
    for (const response of unanswered) answer(response);
  });

  test("are there for all who come by a new one, and asked for once", async () => {
    published.push(await make("new"));
    now += 6000;
    await Promise.all([find("new"), find("new"), find("new")]);
    expect(asked).toBe(1);
  });

  test("are not waited for by any number of calls that name one that there is not", async () => {
    isAway = true;
    now += 6000;
    let refused = 0;
    const all = Array.from({ length: 150 }, () => find("none").catch(() => refused++));
    await until("it is asked", () => unanswered.size === 1);
    expect(refused).toBe(50);
    for (const response of unanswered) answer(response);
    await Promise.all(all);
    expect(refused).toBe(150);
    // It was asked just now.
    await expect(find("none")).rejects.toThrow();
    expect(asked).toBe(1);
  });
});
