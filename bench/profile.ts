import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

interface Frame {
  readonly functionName: string;
  readonly url: string;
  /** Of the file that ran, from 0. */
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** What CPU time goes to, by the code that is nearest to where it is spent: the first part that fits. */
const parts: readonly (readonly [part: string, code: RegExp])[] = [
  ["idle", /^\(idle\)/],
  ["garbage collection", /^\(garbage collector\)/],
  ["log", /node_modules\/(winston|logform|triple-beam|safe-stable-stringify)|src\/log\./],
  ["validate", /src\/records\/(validate|rules|layer)|src\/archive\/(validate|field-mask)/],
  ["details to and from JSON", /src\/records\/(stored-json|message-shape)|^(readRun|writeRun) /],
  ["decode", /^decode .*(src\/rpc|generated\/ts)|requestDeserialize/],
  ["encode", /generated\/ts|@bufbuild\/protobuf/],
  [
    "SQL",
    /node_modules\/(mysql2|denque|libsql|iconv|lru|named-placeholders|sql-escaper|knex|tarn|lodash)|src\/storage|bench\/database/,
  ],
  [
    "HTTP/2 and sockets",
    /node_modules\/@grpc|node:(internal\/)?(http2|net|stream|tls)|node:internal\/(streams|js_stream)/,
  ],
  ["the handlers", /src\/(rpc|archive|records)|bench\/floor/],
];

/** Finds what a place in a bundled file was made of. */
function originalPlaces(): (frame: Frame) => { readonly file: string; readonly line: number } {
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (url: string) => {
    const file = url.startsWith("file:") ? `${fileURLToPath(url)}.map` : "";
    return existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, "utf8"))) : undefined;
  };
  return ({ url, lineNumber, columnNumber }) => {
    if (!maps.has(url)) maps.set(url, mapOf(url));
    const entry = maps.get(url)?.findEntry(lineNumber, columnNumber);
    return entry && "originalSource" in entry
      ? { file: entry.originalSource, line: entry.originalLine }
      : { file: url, line: lineNumber };
  };
}

/** Where the CPU time of the last seconds of a profile went: in milliseconds, by part, the largest first. */
export function breakDown(file: string, seconds: number): Map<string, number> {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, "utf8")) as Profile;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const placeOf = originalPlaces();
  const nameOf = (frame: Frame) => {
    const { file, line } = placeOf(frame);
    const short = file.replace(/^.*?\/(?=node_modules|src\/|generated\/)/, "").replace(/^file:\/\//, "");
    return `${frame.functionName || "(anonymous)"} ${short}:${line + 1}`;
  };
  const known = new Map<number, string>();
  const partOf = (id: number): string => {
    const found = known.get(id);
    if (found) return found;
    const frame = byId.get(id)?.callFrame as Frame;
    const name = nameOf(frame);
    const parent = parents.get(id);
    const part =
      parts.find(([, code]) => code.test(name))?.[0] ?? (parent === undefined ? "the runtime" : partOf(parent));
    known.set(id, part);
    return part;
  };
  const spent = new Map<string, number>();
  let left = timeDeltas.reduce((sum, delta) => sum + delta, 0) - seconds * 1e6;
  samples.forEach((id, index) => {
    const delta = timeDeltas[index] ?? 0;
    left -= delta;
    if (left <= 0) spent.set(partOf(id), (spent.get(partOf(id)) ?? 0) + delta / 1000);
  });
  return new Map([...spent].sort(([, one], [, other]) => other - one));
}
