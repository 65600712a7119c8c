import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { accessText, clientOf, type TestGrant } from "./support/access.js";
import { startProcess } from "./support/process.js";

const many = (others: Readonly<Record<string, readonly TestGrant[]>>) => {
  const heart: TestGrant = { role: "participant", participant: "heart", scope: { collab_id: "c" } };
  return accessText({
    ...Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`p${index}`, [heart]])),
    ...others,
  });
};

test("a large access file is read beside the calls, and holds as a small one does", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-access-"));
  const path = join(folder, "access.yaml");
  writeFileSync(path, many({}));
  const server = await startProcess(`sqlite:${join(folder, "a.db")}`, ["--access", path]);
  const [late, first] = [clientOf(server.address, "late"), clientOf(server.address, "p0")];
  const nameOf = (client: typeof late) =>
    client.whoAmI().then(
      ({ principal }) => principal,
      () => undefined,
    );
  try {
    expect([await nameOf(late), await nameOf(first)]).toEqual([undefined, "p0"]);
    writeFileSync(path, many({ late: [{ role: "administrator" }] }));
    await expect.poll(() => nameOf(late), { timeout: 20_000 }).toBe("late");
    expect(await nameOf(first)).toBe("p0");
    await late.create("Collaboration", { key: { collab_id: "c" }, details: {} });
    expect(await first.get("Collaboration", { collab_id: "c" })).toMatchObject({ created_by: "late" });
    writeFileSync(path, many({ late: [{ role: "king" }] }));
    await expect.poll(() => server.output(), { timeout: 20_000 }).toContain("there is no role");
    expect(await nameOf(late)).toBe("late");
    writeFileSync(path, many({}));
    await expect.poll(() => nameOf(late), { timeout: 20_000 }).toBeUndefined();
    expect(await nameOf(first)).toBe("p0");
  } finally {
    for (const client of [late, first]) client.close();
    await server.end();
    rmSync(folder, { recursive: true });
  }
});
