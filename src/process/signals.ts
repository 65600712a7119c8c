import { constants } from "node:os";

/** The signals that ask a process to end: by a supervisor, by Ctrl-C, and by a terminal that is closed. */
const endingSignals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

export type EndingSignal = (typeof endingSignals)[number];

/** The exit status of a process that a signal ended, as a shell says it. */
export const statusOfSignal = (signal: EndingSignal): number => 128 + constants.signals[signal];

let handler: ((signal: EndingSignal) => void) | undefined;

/** Takes the signals that ask this process to end. There is one handler: a later one replaces it. */
export function onEndingSignal(handle: (signal: EndingSignal) => void): void {
  if (!handler) for (const signal of endingSignals) process.on(signal, () => handler?.(signal));
  handler = handle;
}

/**
 * Lets the ending signals end this process, as they end any other, where it is process 1 of a container: the system
 * passes only those to process 1 that it handles. Elsewhere that is what they do anyway.
 */
export function endAsProcessOne(): void {
  if (process.pid === 1) onEndingSignal((signal) => process.exit(statusOfSignal(signal)));
}
