import { createConnection, createServer, type Socket } from "node:net";

/** Stands before a database, and can be taken away from it. */
export interface DatabaseProxy {
  readonly url: string;
  /** `refuse`: it cannot be reached; `stall`: it takes connections and says nothing; `pass`: it is as it is. */
  mode: "pass" | "refuse" | "stall";
  /** Resolves when the next connection comes. */
  next(): Promise<void>;
  /** Resolves when nobody is connected any more. */
  left(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a proxy before the server of a database's URL. */
export async function startProxy(url: string): Promise<DatabaseProxy> {
  const there = new URL(url);
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  const kept = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((socket) => {
    kept(socket);
    for (const resolve of waiting.splice(0)) resolve();
    if (proxy.mode === "refuse") socket.destroy();
    if (proxy.mode !== "pass") return;
    const forward = kept(createConnection(Number(there.port), there.hostname));
    socket.pipe(forward).pipe(socket);
    socket.on("close", () => forward.destroy());
    forward.on("close", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const here = new URL(url);
  here.host = `127.0.0.1:${address && typeof address === "object" ? address.port : ""}`;
  const proxy: DatabaseProxy = {
    url: here.href,
    mode: "pass",
    next: () => new Promise((resolve) => waiting.push(resolve)),
    async left() {
      for (const socket of sockets) await new Promise((resolve) => socket.once("close", resolve));
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
