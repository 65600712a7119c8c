import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import type { Logger } from "winston";
import { packageName } from "../records/message-shape.js";
import { recordTypes } from "../records/record-type.js";
import type { Store } from "../storage/store.js";

/** What health says. */
export interface Health {
  /** Whether the database answers with the expected schema, and the server is not about to stop. */
  readonly isServing: boolean;
  /** From now on it says that this server does not serve. */
  stop(): void;
}

/** How often the database is asked, and how long it may take to answer, in milliseconds. */
const interval = 1000;
const patience = 3000;

/**
 * Adds grpc.health.v1. All services are SERVING while the database answers with the expected schema. The database is
 * asked in the background, so that many probes cost no more than one.
 */
export async function addHealth(server: Server, store: Store, logger: Logger): Promise<Health> {
  const health = new HealthImplementation();
  const services = [
    "",
    `${packageName}.ArchiveService`,
    ...recordTypes.map(({ name }) => `${packageName}.${name}Service`),
  ];
  let timer: NodeJS.Timeout | undefined;
  let last: string | undefined;
  let stopped = false;
  const set = (status: "SERVING" | "NOT_SERVING", error?: unknown) => {
    for (const service of services) health.setStatus(service, status);
    if (status === last) return;
    if (last)
      logger[error ? "warn" : "info"](
        `health: ${status}`,
        error ? { error: String((error as Error).cause ?? error) } : {},
      );
    last = status;
  };
  let pending: Promise<void> | undefined;
  /** Asks the database, but not again before it has answered: each question holds a connection. */
  const check = () => {
    pending ??= store.check().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  const ask = async () => {
    let timeout: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timeout = setTimeout(() => reject(new Error(`no answer within ${patience} ms`)), patience);
    });
    const answer = await Promise.race([check(), late]).then(
      () => undefined,
      (error: unknown) => error,
    );
    clearTimeout(timeout);
    if (stopped) return;
    set(answer ? "NOT_SERVING" : "SERVING", answer);
    timer = setTimeout(ask, interval).unref();
  };
  await ask();
  health.addToServer(server);
  return {
    get isServing() {
      return last === "SERVING";
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      set("NOT_SERVING");
    },
  };
}
