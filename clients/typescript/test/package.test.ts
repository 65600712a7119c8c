import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificates } from "./certificates.js";
import { startServer, type TestServer } from "./server.js";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const tools = join(root, "../../node_modules");

let folder: string;
let server: TestServer;
let packed: string[];

/** An empty project with the packed client in it, and nothing of this repository. */
beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), "archive-package-"));
  const { stdout } = await run("npm", ["pack", "--json", "--silent", "--pack-destination", folder], { cwd: root });
  const [tarball]: { filename: string; files: { path: string }[] }[] = JSON.parse(stdout.slice(stdout.indexOf("[\n")));
  if (!tarball) throw new Error(stdout);
  packed = tarball.files.map(({ path }) => path);
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"];
  await run("npm", ["install", ...quiet, `./${tarball.filename}`], { cwd: folder });
  makeCertificates(folder);
}, 180_000);

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

test("holds the client and what it needs of the generated code, and nothing of the server", () => {
  const foreign = packed.filter(
    (path) => !/^(package\.json|README\.md|LICENSE|dist\/(clients\/typescript\/src|generated\/ts)\/)/.test(path),
  );
  expect(foreign).toEqual([]);
  expect(packed.filter((path) => /reflection|health/.test(path))).toEqual([]);
  expect(packed).toContain("LICENSE");
});

test("is under the license of the repository", async () => {
  const license = await readFile(join(root, "../../LICENSE"), "utf8");
  expect(await readFile(join(folder, "node_modules/@synergos/archive/LICENSE"), "utf8")).toBe(license);
});

test("exports its entry and its description, with types, and nothing else", async () => {
  const program = `
    const names = Object.keys(await import("@synergos/archive"));
    const { default: { version } } = await import("@synergos/archive/package.json", { with: { type: "json" } });
    const other = await import("@synergos/archive/dist/index.js").catch(({ code }) => code);
    console.log(JSON.stringify({ names: names.includes("connect"), version, other }));
  `;
  const { stdout } = await run(process.execPath, ["--no-warnings", "--input-type=module", "-e", program], {
    cwd: folder,
  });
  expect(JSON.parse(stdout)).toEqual({ names: true, version: "1.0.0", other: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
});

test("cannot be packed where nothing is installed, and says what to install", async () => {
  const clone = await mkdtemp(join(tmpdir(), "archive clone "));
  try {
    const without = (path: string) => !["node_modules", "dist"].includes(basename(path));
    for (const part of ["clients/typescript", "generated/ts", "package.json", "tsconfig.json"]) {
      await cp(join(root, "../..", part), join(clone, part), { recursive: true, filter: without });
    }
    const packing = run("npm", ["pack"], { cwd: join(clone, "clients/typescript") });
    await expect(packing).rejects.toMatchObject({ stderr: expect.stringContaining(`npm ci --prefix "${clone}"`) });
  } finally {
    await rm(clone, { recursive: true });
  }
});

test("has no dependency of the server", async () => {
  const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8"));
  const installed = Object.keys(lock.packages);
  for (const name of ["knex", "mysql2", "libsql", "winston", "commander"]) {
    expect(installed).not.toContain(`node_modules/${name}`);
  }
});

test("runs what its README says, strictly typed", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const snippets = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  expect(snippets.length).toBeGreaterThan(5);
  const program = snippets.join("\n").replaceAll("127.0.0.1:50051", server.address);
  await writeFile(join(folder, "program.ts"), program);
  const options = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--skipLibCheck"];
  const target = [
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--types",
    "node",
    "--typeRoots",
    join(tools, "@types"),
  ];
  const tsc = await run(join(tools, ".bin/tsc"), [...options, ...target, "program.ts"], { cwd: folder }).catch(
    (error: unknown) => error,
  );
  expect(tsc).toMatchObject({ stdout: "" });
  const { stdout } = await run(process.execPath, ["program.js"], { cwd: folder });
  expect(stdout.trim().split("\n")).toEqual([
    expect.stringMatching(/^1n \S+$/),
    "[ 0.01 ]",
    "run-1",
    "1 ",
    "1n",
    ...["COLLABORATION", "PROJECT", "EXPERIMENT", "RUN"].map((type) => `RECORD_TYPE_${type} 1`),
    ...["UPDATED", "UPDATED", "CREATED"].map((kind) => `CHANGE_KIND_${kind}`),
    "INVALID_ARGUMENT INVALID_FIELD",
    expect.stringMatching(/^details\.role /),
    expect.stringMatching(/^details\.nodes/),
  ]);
}, 120_000);
