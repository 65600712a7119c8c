import type { Server, Socket } from "node:net";

/**
 * Has a server take one connection in each round of the event loop, and read nothing of the others until then: what the
 * first bytes of many ask for would else all be done before anything that others ask for. To be called before anybody
 * connects.
 */
export function takeConnectionsInTurn(server: Server): void {
  const handlers = server.listeners("connection");
  server.removeAllListeners("connection");
  // What @types/node has as an option alone is looked up for each connection.
  Object.assign(server, { pauseOnConnect: true });
  const waiting: Socket[] = [];
  const takeNext = () => {
    let socket = waiting.shift();
    while (socket?.destroyed) socket = waiting.shift();
    if (waiting.length > 0) setImmediate(takeNext);
    if (!socket) return;
    // A server that stops ends the connections that it knows, and would wait for this one.
    if (!server.listening) {
      socket.destroy();
      return;
    }
    socket.read(0);
    for (const handle of handlers) Reflect.apply(handle, server, [socket]);
  };
  server.on("connection", (socket: Socket) => {
    if (waiting.push(socket) === 1) setImmediate(takeNext);
  });
}
