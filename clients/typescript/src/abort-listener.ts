/**
 * The callbacks that wait for a signal. However many calls share one, it has a single listener of ours: Node warns of
 * a leak from eleven on.
 */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls back once when a signal is aborted, which it must not be yet; until the function that it returns is called. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (!signal) return () => {};
  const callbacks = waiting.get(signal) ?? listen(signal);
  // A function of its own, as the same callback may be given twice.
  const once = () => callback();
  callbacks.add(once);
  return () => {
    callbacks.delete(once);
    if (callbacks.size > 0 || waiting.get(signal) !== callbacks) return;
    waiting.delete(signal);
    signal.removeEventListener("abort", callAll);
  };
}

function listen(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  waiting.set(signal, callbacks);
  signal.addEventListener("abort", callAll, { once: true });
  return callbacks;
}

function callAll(this: AbortSignal): void {
  const callbacks = waiting.get(this) ?? [];
  waiting.delete(this);
  for (const callback of callbacks) callback();
}
