import { SingleBar } from "cli-progress";
import { errorColors, note } from "./terminal.js";

/** Shows how far an import has come: a bar on a terminal, else a line for each tenth. */
export function progressOf(total: number): { show(done: number): void; stop(): void } {
  if (!process.stderr.isTTY) {
    let shown = 0;
    return {
      show(done) {
        if (Math.min(done, total) - shown < total / 10) return;
        shown = Math.min(done, total);
        note(`${shown} of ${total} records`);
      },
      stop: () => undefined,
    };
  }
  const format = `${errorColors.cyan("{bar}")} {value} of {total} records, {eta_formatted} left`;
  const bar = new SingleBar({
    format,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    barCompleteChar: "█",
    barIncompleteChar: "░",
  });
  bar.start(total, 0);
  return { show: (done) => bar.update(Math.min(done, total)), stop: () => bar.stop() };
}
