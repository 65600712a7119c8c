import { describe, expect, test } from "vitest";
import { readAccessFile } from "../src/access/read-access-file.js";
import { recordTypes } from "../src/records/record-type.js";
import { openAccess, sha256, tokenOf } from "./support/access.js";

const faultsOf = (file: object): readonly string[] => {
  const read = readAccessFile(JSON.stringify(file));
  return Array.isArray(read) ? read.map(({ message }) => message) : [];
};

describe("an access file", () => {
  const role = (rights: object) => ({ roles: { some: { may: { Registration: rights } } }, principals: [] });

  test("lets nobody write or delete what they cannot read", () => {
    for (const rights of [
      { read: "own", write: "scope" },
      { read: "self", write: "scope" },
      { read: "scope", write: "self" },
      { read: "scope", write: "everywhere" },
      { read: "own", write: "own", delete: "self" },
      { write: "own" },
    ])
      expect([rights, faultsOf(role(rights))]).toEqual([rights, [expect.stringContaining("read")]]);
    for (const rights of [
      { read: "scope", write: "own", delete: "scope" },
      { read: "everywhere", write: "self", delete: "scope" },
      { read: "self", write: "own" },
      { read: "own" },
    ])
      expect([rights, faultsOf(role(rights))]).toEqual([rights, []]);
  });

  test("has no more grants of a principal than are looked at for each call", () => {
    const grants = Array.from({ length: 257 }, (_, index) => ({ role: "reader", scope: { run_id: `r${index}` } }));
    expect(faultsOf({ principals: [{ name: "a", grants }] })).toEqual(["a has 257 grants: at most 256"]);
  });

  test("shows which sensitive fields are hidden only of types that have such", async () => {
    const { access, close } = openAccess(
      JSON.stringify({
        principals: [
          {
            name: "a",
            tokens: [{ sha256: sha256(tokenOf("a")) }],
            grants: [{ role: "orchestrator", scope: {} }],
          },
        ],
      }),
    );
    const credentials = { authorization: `Bearer ${tokenOf("a")}`, certificate: undefined };
    const { rights } = await access.authenticate(credentials);
    close();
    const masked = recordTypes.filter((type) => rights.hidden(type, {}));
    expect(masked.map(({ name }) => name)).toEqual(["Participant"]);
  });
});
