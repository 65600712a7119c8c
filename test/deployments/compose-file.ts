import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";

/** A service of a Compose file, as much of it as can be run without containers. */
export interface ComposeService {
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  /** The files that are mounted, by where the container finds them. */
  readonly files: Readonly<Record<string, string>>;
}

interface Raw {
  readonly image: string;
  readonly command?: string | string[];
  readonly environment?: Record<string, string>;
  readonly ports?: string[];
  readonly volumes?: string[];
}

/** The services of a Compose file, with the variables of an environment that says nothing. */
export function readCompose(file: string): Readonly<Record<string, ComposeService>> {
  const text = readFileSync(file, "utf8")
    .replace(/\$\{\w+:-([^}]*)\}/g, "$1")
    .replaceAll("$$", "$");
  const { services } = parse(text, { merge: true }) as { services: Record<string, Raw> };
  return Object.fromEntries(
    Object.entries(services).map(([name, { image, command = [], environment = {}, ports = [], volumes = [] }]) => [
      name,
      {
        image,
        command: [command].flat(),
        environment,
        ports,
        files: Object.fromEntries(
          volumes
            .filter((volume) => volume.startsWith("."))
            .map((volume) => volume.split(":"))
            .map(([source = "", target = ""]) => [target, join(dirname(file), source)]),
        ),
      },
    ]),
  );
}

/** What the image says of how it is run: its environment, entry point and command. */
export function readImage(file = "Dockerfile"): { environment: Record<string, string>; command: string[] } {
  const [last = ""] = readFileSync(file, "utf8")
    .split(/^FROM /m)
    .slice(-1);
  const lines = last.replaceAll(/\\\n\s*/g, " ").split("\n");
  const of = (word: string) => lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1) ?? "";
  const environment = Object.fromEntries(
    [...of("ENV").matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
  );
  return { environment, command: JSON.parse(of("CMD")) };
}
