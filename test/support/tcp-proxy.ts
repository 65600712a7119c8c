import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A forwarder between a client and a server, which can do what networks and balancers do. */
export interface TcpProxy {
  readonly port: number;
  /** Where new connections lead: one after the other, if there are several. Those that are open stay. */
  switchTo(...ports: number[]): void;
  /** Ends all connections, as if the cable was cut. */
  cut(): void;
  /** Takes everything and hands on nothing, in either direction, without ending anything; new connections too. */
  freeze(): void;
  /** Hands on what clients say and nothing of what is answered, also on new connections: until they are cut. */
  mute(): void;
  /** Hands on everything that was held. */
  thaw(): void;
  /** How many connections are open. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Starts a forwarder to ports of 127.0.0.1. */
export async function startTcpProxy(...ports: number[]): Promise<TcpProxy> {
  let targets = ports;
  let turn = 0;
  let isFrozen = false;
  let isMute = false;
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    const upstream = connect(targets[turn++ % targets.length] as number, "127.0.0.1");
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) {
      const other = socket === client ? upstream : client;
      socket.setNoDelay(true);
      socket.on("data", (bytes) => {
        if (isMute && socket === upstream) return;
        if (!other.write(bytes)) socket.pause();
      });
      socket.on("drain", () => {
        if (!isFrozen) other.resume();
      });
      socket.on("end", () => other.end());
      socket.on("error", () => undefined);
      socket.on("close", () => {
        other.destroy();
        pairs.delete(pair);
      });
      if (isFrozen) socket.pause();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (!address || typeof address !== "object") throw new Error("the proxy has no port");
  const each = (act: (socket: Socket) => unknown) => {
    for (const pair of [...pairs]) for (const socket of pair) act(socket);
  };
  return {
    port: address.port,
    switchTo(...next) {
      targets = next;
      turn = 0;
    },
    cut() {
      isMute = false;
      each((socket) => socket.destroy());
    },
    mute() {
      isMute = true;
    },
    freeze() {
      isFrozen = true;
      each((socket) => socket.pause());
    },
    thaw() {
      isFrozen = false;
      each((socket) => socket.resume());
    },
    get connections() {
      return pairs.size;
    },
    async close() {
      each((socket) => socket.destroy());
      server.close();
      await once(server, "close");
    },
  };
}
