/**
 * Makes dist/src/: all of src/ and of the packages that it uses, in some hundred files in place of a thousand, of which a
 * command reads a few. A server starts with two thirds of the CPU time that way. Names and comments stay; with
 * NODE_OPTIONS=--enable-source-maps, stack traces name the lines of src/. Run by `npm run build`.
 */
import { readFile, rm } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";
import { build, type Plugin } from "esbuild";

const folder = "dist/src";
/** What is started by its file's name, the threads by whoever is bundled beside them. */
const programs = ["main", "access/access-file-thread", "storage/checkpoint-thread", "telemetry/trace-thread"];
/** Has a part in machine code. */
const native = ["libsql"];
/** What Knex could speak to, and is not installed. */
const unused = ["better-sqlite3", "mariadb", "mysql", "oracledb", "pg", "pg-query-stream", "sqlite3", "tedious"];

/** Packages that read files of theirs, as health's proto, find them where they are installed. */
const installedFiles: Plugin = {
  name: "installed-files",
  setup: ({ onLoad }) =>
    onLoad({ filter: /node_modules.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const place = relative(folder, dirname(path)).replaceAll(sep, "/");
      const found = `(require("node:path").join(__dirname, ${JSON.stringify(place)}))`;
      return text.includes("__dirname") ? { contents: text.replaceAll("__dirname", found) } : undefined;
    }),
};

await rm(folder, { recursive: true, force: true });
await build({
  entryPoints: programs.map((program) => `src/${program}.ts`),
  outdir: folder,
  // All in one folder: threads and package.json are found from wherever a module comes to be.
  entryNames: "[name]",
  bundle: true,
  splitting: true,
  platform: "node",
  target: "node20.12",
  format: "esm",
  external: [...native, ...unused],
  plugins: [installedFiles],
  // For packages that are CommonJS.
  banner: {
    js: [
      'import { createRequire as bundleRequire } from "node:module";',
      'import { dirname as bundleDirname } from "node:path";',
      'import { fileURLToPath as bundlePath } from "node:url";',
      "const require = bundleRequire(import.meta.url);",
      "const __dirname = bundleDirname(bundlePath(import.meta.url));",
    ].join("\n"),
  },
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
});
