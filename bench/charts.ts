import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Comparison } from "./compare.js";
import type { Results } from "./report.js";
import type { SoakResult } from "./soak.js";

/** Charts where looking beats reading: ratios to the floor, and memory under load. */
export function writeCharts(results: Results, folder: string): void {
  const calls = results.calls.filter(({ concurrency }) => concurrency === 16);
  if (calls.length > 0) writeFileSync(join(folder, "floor.svg"), ratioChart(calls, results.databases));
  if (results.soak.length > 0) writeFileSync(join(folder, "memory.svg"), memoryChart(results.soak));
}

const colours = ["#4269d0", "#efb118", "#3ca951"];
const svg = (width: number, height: number, title: string, content: readonly string[]) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">\n<title>${title}</title>\n<rect width="100%" height="100%" fill="white"/>\n${text(8, 20, title)}\n${content.join("\n")}\n</svg>\n`;
const text = (x: number, y: number, words: string, anchor = "start") =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#333">${words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;
const legend = (names: readonly string[], x: number, y: number) =>
  names.flatMap((name, index) => [
    `<rect x="${x + index * 135}" y="${y - 10}" width="12" height="12" fill="${colours[index]}"/>`,
    text(x + 18 + index * 135, y, name),
  ]);

function ratioChart(calls: readonly Comparison[], databases: readonly string[]): string {
  const names = [...new Set(calls.map(({ scenario }) => scenario))];
  const [left, bar, gap] = [330, 10, 14];
  const block = databases.length * bar + gap;
  const scale = (value: number) => left + value * 360;
  const height = 70 + names.length * block;
  const grid = [0, 0.25, 0.5, 0.75, 1, 1.25].flatMap((value) => [
    `<line x1="${scale(value)}" x2="${scale(value)}" y1="40" y2="${height - 20}" stroke="${value === 1 ? "#333" : "#ddd"}"/>`,
    text(scale(value), height - 5, value.toFixed(2), "middle"),
  ]);
  const bars = names.flatMap((name, row) => {
    const top = 46 + row * block;
    return [
      text(left - 8, top + (databases.length * bar) / 2 + 4, name.replace(/ \(.*/, ""), "end"),
      ...databases.flatMap((database, index) => {
        const found = calls.find((each) => each.scenario === name && each.database === database);
        if (!found) return [];
        const width = scale(Math.min(found.ratio, 1.3)) - left;
        return [
          `<rect x="${left}" y="${top + index * bar}" width="${width.toFixed(1)}" height="${bar - 1}" fill="${colours[index]}"/>`,
        ];
      }),
    ];
  });
  return svg(830, height, "Throughput at 16 calls at a time, as a share of the floor's", [
    ...legend(databases, 420, 20),
    ...grid,
    ...bars,
  ]);
}

function memoryChart(soaks: readonly SoakResult[]): string {
  const [left, top, width, height] = [50, 40, 720, 220];
  const longest = Math.max(...soaks.map(({ memory }) => memory.length));
  const y = (megabytes: number) => top + height - (megabytes / 300) * height;
  const x = (index: number) => left + ((index + 1) / longest) * width;
  const grid = [0, 50, 100, 150, 200, 250, 300].flatMap((value) => [
    `<line x1="${left}" x2="${left + width}" y1="${y(value)}" y2="${y(value)}" stroke="${value === 250 ? "#333" : "#ddd"}"/>`,
    text(left - 6, y(value) + 4, String(value), "end"),
  ]);
  const lines = soaks.map(
    ({ memory }, index) =>
      `<polyline fill="none" stroke="${colours[index]}" stroke-width="2" points="${memory.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}"/>`,
  );
  return svg(800, 300, "Resident memory under a mixed load of 64 calls at a time, MB", [
    ...legend(
      soaks.map(({ database }) => database),
      400,
      20,
    ),
    ...grid,
    ...lines,
    text(left + width, top + height + 18, `${soaks[0]?.minutes} minutes`, "end"),
  ]);
}
