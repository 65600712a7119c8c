import type { WriteStream } from "node:tty";
import picocolors from "picocolors";
import type { Failure } from "./failure.js";

/** Colours where a stream is a terminal that shows them, and nobody asked for none. */
const colorsOf = (stream: WriteStream) =>
  picocolors.createColors(Boolean(stream.isTTY) && !process.env.NO_COLOR && process.env.TERM !== "dumb");

export const colors = colorsOf(process.stdout);
export const errorColors = colorsOf(process.stderr);

/** Whether somebody sits before it, who can be asked. */
export const isInteractive = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

/** Writes a line to the standard output. */
export const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Writes a line to the standard error: what is not the answer itself. */
export const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Says in one line why a command was not done. */
export const printFailure = ({ reason, message }: Failure): void =>
  note(errorColors.red(`error: ${reason}: ${message}`));
