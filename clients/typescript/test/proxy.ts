import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Something between a client and a server, as networks are, that can keep answers back and lose connections. */
export interface TestProxy {
  readonly address: string;
  /** From now on no answer reaches a client that is connected. Resolves when the next one has come from the server. */
  holdAnswers(): Promise<void>;
  /** Loses all connections. Later ones work. */
  cut(): void;
  close(): void;
}

export async function startProxy(target: string): Promise<TestProxy> {
  const [host, port] = target.split(":");
  const open = new Set<Socket>();
  let held: (() => void) | undefined;
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => {
          open.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
    client.on("data", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => (held ? held() : client.write(bytes)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const cut = () => {
    held = undefined;
    for (const socket of open) socket.destroy();
  };
  return {
    address: `127.0.0.1:${address.port}`,
    holdAnswers: () =>
      new Promise((resolve) => {
        held = resolve;
      }),
    cut,
    close() {
      server.close();
      cut();
    },
  };
}
