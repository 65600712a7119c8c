import { onAbort } from "./abort-listener.js";

/** The most that a timer of Node takes, in milliseconds: 24 days. */
export const longestTimer = 2 ** 31 - 1;

/**
 * Waits for a promise, but for no longer than some milliseconds, and only until one of the signals is aborted: then it
 * resolves to undefined. Nothing of it is left behind.
 */
export function waitFor<Value>(
  promise: PromiseLike<Value> | undefined,
  milliseconds: number,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<Value | undefined> {
  if (signals.some((signal) => signal?.aborted)) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      for (const forget of listeners) forget();
      resolve(undefined);
    };
    const timer = milliseconds > longestTimer ? undefined : setTimeout(end, Math.max(0, milliseconds));
    const listeners = signals.map((signal) => onAbort(signal, end));
    promise?.then(
      (value) => {
        resolve(value);
        end();
      },
      (error: unknown) => {
        reject(error);
        end();
      },
    );
  });
}

/** Waits for some time, or until a signal is aborted. */
export const pause = (milliseconds: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<undefined> =>
  waitFor<undefined>(undefined, milliseconds, ...signals);
