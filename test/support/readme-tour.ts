import { readFileSync } from "node:fs";

/** The README's blocks that are run in a shell, each with the block of output that follows it, if one does. */
export function tour(): { lines: string[]; shown: string }[] {
  const section = /## The first five minutes\n([\s\S]*?)\n## /.exec(readFileSync("README.md", "utf8"))?.[1] ?? "";
  const blocks = [...section.matchAll(/```(\w*)\n([\s\S]*?)```/g)].map(([, kind, text]) => ({
    kind,
    text: text ?? "",
  }));
  return blocks.flatMap(({ kind, text }, index) => {
    const next = blocks[index + 1];
    const lines = text.split("\n").filter((line) => line.startsWith("grpcurl "));
    return kind === "sh" && lines.length > 0 ? [{ lines, shown: next && next.kind !== "sh" ? next.text : "" }] : [];
  });
}

/** What differs from run to run. */
export const steady = (text: string) =>
  text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/"(etag|\w+Id)": "[0-9a-f]{16,32}"/g, '"$1": "RANDOM"')
    .trim();
