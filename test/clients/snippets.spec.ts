import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve } from "./serve.js";

type Language = "TypeScript" | "Python" | "Go";

const page = await readFile("docs/clients.md", "utf8");
/** Fenced blocks with the name of the language above them. */
const blocks = [...page.matchAll(/^([A-Za-z]+):\n\n```(\w+)\n(.*?)^```$/gms)].map(
  ([, language, fence, code]) => ({ language, fence, code }) as { language: string; fence: string; code: string },
);
const printed = /^```text\n(.*?)^```$/ms.exec(page)?.[1];
/** For a shell: where the repository lies may have spaces in its path. */
const quoted = (path: string) => `'${resolve(path).replaceAll("'", "'\\''")}'`;
const tsc = quoted("node_modules/.bin/tsc");
const tsx = quoted("node_modules/.bin/tsx");
let server: Awaited<ReturnType<typeof serve>>;
/** Where the reader works: a folder with a checkout in it. */
let project: string;

beforeAll(async () => {
  server = await serve();
  project = join(server.folder, "grid");
  const checkout = join(project, "synergos-archive");
  await mkdir(checkout, { recursive: true });
  // Neither what was installed and built, nor what other tests are building now.
  const filter = (path: string) => !/^(node_modules|dist|build|\.venv|.*\.egg-info)$/.test(basename(path));
  for (const part of ["clients", "generated", "package.json", "tsconfig.json"]) {
    await cp(part, join(checkout, part), { recursive: true, verbatimSymlinks: true, filter });
  }
  await symlink(resolve("node_modules"), join(checkout, "node_modules"));
});

afterAll(() => server.stop());

/** Runs a command as the reader would; what it printed. */
async function run(command: string): Promise<string> {
  const env = { ...process.env, ARCHIVE_ADDRESS: server.address, npm_config_prefer_offline: "true" };
  const { stdout } = await promisify(execFile)("bash", ["-euc", command], { cwd: project, env });
  return stdout;
}

const installing = (language: Language) =>
  blocks.filter((block) => block.language === language && block.fence === "sh").map(({ code }) => code);

/** The program that all snippets of a language make, one after the other. */
function program(language: Language): string {
  const parts = blocks.filter((block) => block.language === language && block.fence !== "sh");
  expect(parts.length).toBe(3);
  return parts.map(({ code }) => code).join("\n");
}

/** Installs what the page says, writes the program and runs it. */
async function follow(language: Language, file: string, ...commands: string[]): Promise<string> {
  const installs = installing(language);
  expect(installs.length).toBe(1);
  for (const install of installs) await run(install);
  await writeFile(join(project, file), program(language));
  let output = "";
  for (const command of commands) output = await run(command);
  return output;
}

test("every snippet in one of the three languages is run", () => {
  const fences = [...page.matchAll(/^```(ts|python|go)$/gm)];
  expect(fences.length).toBe(9);
  expect(blocks.filter(({ fence }) => ["ts", "python", "go"].includes(fence)).length).toBe(9);
  expect(printed).toBeTruthy();
});

test("TypeScript", async () => {
  const types = `--types node --typeRoots ${quoted("node_modules/@types")}`;
  const check = `${tsc} --noEmit --strict --exactOptionalPropertyTypes --skipLibCheck --module nodenext --target es2022 ${types} main.ts`;
  expect(await follow("TypeScript", "main.ts", check, `${tsx} main.ts`)).toBe(printed);
});

test("Python", async () => {
  expect(await follow("Python", "main.py", ".venv/bin/python main.py")).toBe(printed);
});

test("Go", async () => {
  expect(await follow("Go", "main.go", "go vet .", "go run .")).toBe(printed);
});
