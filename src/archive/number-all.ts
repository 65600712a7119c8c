import type { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import type { ChangeLog } from "../storage/change-log.js";

/** Numbers what is committed and has no revision. Writers that are faster than this do not keep it for ever. */
export async function numberAll(log: ChangeLog, context: CallContext): Promise<void> {
  const began = performance.now();
  while (await log.number(context)) if (performance.now() - began > limits.timeToNumber) return;
}
