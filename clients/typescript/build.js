// Compiles the package. It is run by `npm pack` too, perhaps in a clone in which nothing is installed yet.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const compiler = join(root, "node_modules/typescript/bin/tsc");
if (!existsSync(compiler)) {
  console.error(
    `The package is compiled by the tools of the repository. Install them first: npm ci --prefix "${root}"`,
  );
  process.exit(1);
}
rmSync(join(import.meta.dirname, "dist"), { recursive: true, force: true });
const arguments_ = [compiler, "-p", join(import.meta.dirname, "tsconfig.build.json")];
process.exit(spawnSync(process.execPath, arguments_, { stdio: "inherit" }).status ?? 1);
