/** What a worker tells the first process. */
export type WorkerMessage =
  | { readonly kind: "serving" }
  /** It could not start: how a process alone would have ended. */
  | { readonly kind: "failed"; readonly exitCode: number; readonly reason: string; readonly message: string };

/** What the first process tells a worker. */
export const stopMessage = "stop";

/** Sends a message to the first process, and waits until it is sent or cannot be. */
export const tellFirstProcess = (message: WorkerMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.send) process.send(message, undefined, {}, () => resolve());
    else resolve();
  });

/** Whether something that came from a worker is a message of it, and not of a library that it uses. */
export const isWorkerMessage = (value: unknown): value is WorkerMessage =>
  typeof value === "object" &&
  value !== null &&
  "kind" in value &&
  (value.kind === "serving" || value.kind === "failed");
