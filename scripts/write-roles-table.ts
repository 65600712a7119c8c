/** Writes the table of roles into docs/access.md, from src/access/roles.ts. Run by `make generate`. */
import { readFileSync, writeFileSync } from "node:fs";
import { type Reach, type Role, type Verb, verbs } from "../src/access/define-roles.js";
import { roles } from "../src/access/roles.js";
import { recordTypes } from "../src/records/record-type.js";

const file = new URL("../docs/access.md", import.meta.url);
const [begin, end] = ["<!-- roles: written by make generate -->", "<!-- end of roles -->"];

const words: Readonly<Record<Reach, string>> = {
  scope: "in scope",
  own: "own, in scope",
  self: "own",
  everywhere: "all",
};

function cell(role: Role, name: keyof Role["may"]): string {
  const rights = role.may[name] ?? {};
  const byReach = new Map<Reach, Verb[]>();
  for (const verb of verbs) {
    const reach = rights[verb];
    if (reach) byReach.set(reach, [...(byReach.get(reach) ?? []), verb]);
  }
  return [...byReach].map(([reach, may]) => `${may.join(", ")}: ${words[reach]}`).join("; ") || "–";
}

const all: readonly (readonly [string, Role])[] = Object.entries(roles);
const rows = [
  ["", ...all.map(([name]) => name)],
  all.map(() => "---").concat("---"),
  ...recordTypes.map(({ name }) => [name, ...all.map(([, role]) => cell(role, name))]),
  ["sees of sensitive fields", ...all.map(([, { sees }]) => sees.join(", ") || "none")],
];
const table = rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
const text = readFileSync(file, "utf8");
const [before, rest] = [text.slice(0, text.indexOf(begin)), text.slice(text.indexOf(end))];
writeFileSync(file, `${before}${begin}\n\n${table}\n\n${rest}`);
