import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { runProgram } from "./support/command.js";
import { startProcess } from "./support/process.js";

interface Step {
  readonly line: string;
  readonly shown: string;
}

/** The commands that a part of a page shows at a prompt, each with what it is said to write. */
function stepsOf(page: string, from: string, to: string): Step[] {
  const text = readFileSync(page, "utf8");
  const part = text.slice(text.indexOf(from), text.indexOf(to));
  const blocks = [...part.matchAll(/^```\n(\$ [\s\S]*?)^```$/gm)].flatMap(([, block]) =>
    (block ?? "").split(/^\$ /m).slice(1),
  );
  return blocks.map((block) => {
    const [line = "", ...shown] = block.trimEnd().split("\n");
    return { line, shown: shown.join("\n") };
  });
}

/** The alias by which both pages call the program in a checkout. */
function aliasOf(name: string): string {
  const [one, other] = ["README.md", "docs/command-line.md"].map(
    (page) => new RegExp(`\`(alias ${name}=.*?)\``).exec(readFileSync(page, "utf8"))?.[1],
  );
  if (!one || one !== other) throw new Error(`the pages' aliases differ: ${one}, ${other}`);
  return one;
}

/** What differs from run to run, and what makes a terminal colourful. */
const steady = (text: string) =>
  stripVTControlCharacters(text)
    .replaceAll("\r", "")
    .replace(/etag(": "| +)[0-9a-f]{16}/g, "etag$1ETAG")
    .replace(/("(?:updated|changed)_at": ?)"(?!2021)[^"]*"/g, "$1TIME")
    .trim();

/** A tour: a part of a page, and what must be typed before it. */
const tours: [page: string, from: string, to: string, before: string[]][] = [
  ["README.md", "## From a terminal", "## Coming from synarchive", []],
  ["README.md", "## Coming from synarchive", "### Where everything goes", []],
  [
    "docs/command-line.md",
    "## A tour",
    "## Shell completion",
    ["synergos-archive import examples/archive.json --orphans adopt"],
  ],
];

test.each(tours)(
  "every command of %s, %s, does what the page says",
  { timeout: 180_000 },
  async (page, from, to, before) => {
    // As a checkout whose path has a space in it.
    const folder = mkdtempSync(join(tmpdir(), "archive tour "));
    for (const part of ["dist", "examples"]) symlinkSync(resolve(part), join(folder, part));
    const server = await startProcess(`sqlite:${join(folder, "archive.db")}`);
    const define = `cd '${folder}'; shopt -s expand_aliases; ${aliasOf("synergos-archive")}\n`;
    const environment = { ARCHIVE_ADDRESS: server.address, HOME: folder };
    try {
      const steps = stepsOf(page, from, to);
      expect(steps.length).toBeGreaterThan(2);
      for (const { line, shown } of [...before.map((each) => ({ line: each, shown: "" })), ...steps]) {
        const asks = shown.includes("Delete it all?");
        const { stdout, stderr } = await runProgram([], {
          program: ["bash", "-c", `${define}{ ${line}; } ${asks ? "" : "2>&1"}`],
          environment,
          ...(asks ? { terminal: ["(y/N)", "y\r"] as const } : {}),
        });
        const said = steady(stdout + stderr);
        // A terminal shows a question more than once, and what is shown may be the beginning of what is said.
        if (asks)
          for (const each of shown.split("\n"))
            expect(said).toContain(each.replace(/^. /, "").replace(" Yes", "").trim());
        else if (shown.endsWith("...")) expect(said).toContain(steady(shown.slice(0, -3)));
        else if (shown) expect({ line, said }).toEqual({ line, said: steady(shown) });
      }
    } finally {
      await server.end();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
