import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Socket } from "node:net";
import type { Logger } from "winston";
import { limits } from "../limits.js";

/** Where Node tells of each connection that a server of this process accepts. */
const accepted = "net.server.socket";

/**
 * Closes at once what connects while so many clients are connected: else the system closes it without a word, and the
 * database finds no file to open either, for those who are connected. The log says so, now and then.
 */
export function limitConnections(most: number, log: Logger): { stop(): void } {
  let open = 0;
  let refused = 0;
  let timer: NodeJS.Timeout | undefined;
  const say = () => {
    if (refused === 0) {
      if (open >= most) return;
      clearInterval(timer);
      timer = undefined;
      log.info("connections are taken again", { open });
      return;
    }
    const why = most < limits.connections ? "the process may not open more (ulimit -n)" : "it takes no more";
    log.warn(`connections are refused: ${why}`, { open, most, refused });
    refused = 0;
  };
  const onAccepted = (message: unknown) => {
    const { socket } = message as { socket: unknown };
    if (!(socket instanceof Socket)) return;
    if (open >= most) {
      socket.destroy();
      refused++;
      if (timer) return;
      say();
      timer = setInterval(say, limits.sayRefusedEvery).unref();
      return;
    }
    open++;
    socket.once("close", () => open--);
  };
  subscribe(accepted, onAccepted);
  return {
    stop() {
      unsubscribe(accepted, onAccepted);
      clearInterval(timer);
    },
  };
}
