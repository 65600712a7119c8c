import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Packages of Python that are installed together, each with its version, and what tells that they can be used. */
export interface PythonPackages {
  /** What the folder is named after, and what messages call it. */
  readonly name: string;
  readonly version: string;
  readonly packages: readonly string[];
  /** A module that can be imported when all is there. */
  readonly module: string;
  /** What it takes beside flock, venv and an index of packages: versions of Python. */
  readonly needs: string;
}

/** Installs packages into an environment of their own in the cache unless they are there, and returns the path of its Python. The marker comes last. */
export async function pythonWith({ name, version, packages, module, needs }: PythonPackages): Promise<string> {
  const { ARCHIVE_CACHE, XDG_CACHE_HOME, PYTHON } = process.env;
  const cache = ARCHIVE_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "synergos-archive");
  const home = join(cache, `${name}-${version}`);
  mkdirSync(cache, { recursive: true });
  const script = `[ -e "$1/.installed" ] && "$1/bin/python" -c "import $3" 2>/dev/null && exit
    echo "Installing $4 into $1: a minute or two, and up to 1 GB."
    "$2" -m venv --clear "$1"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --prefer-binary "\${@:4}"
    touch "$1/.installed"`;
  const parameters = [`${home}.lock`, "bash", "-ec", script, "bash", home, PYTHON || "python3", module, ...packages];
  const [status] = await once(spawn("flock", parameters, { stdio: ["ignore", 2, 2] }), "exit").catch((error) => [
    error.message,
  ]);
  if (status === 0) return join(home, "bin", "python");
  throw new Error(
    `${name} ${version} could not be installed (${status}, see above). It takes flock, ${needs} with venv ` +
      "(as python3, or by its path in PYTHON), and PyPI or a mirror that pip is told of.",
  );
}
