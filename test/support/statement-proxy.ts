import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** What happens to a statement: on its way to the database, or, once the database has done it, to its answer. */
export interface Fault {
  /** Which one, counted from 1 since `arm`. */
  readonly at: number;
  readonly when: "before" | "after";
  /**
   * `cut`: it is lost, and the connection reset. `half`: half of it arrives, then the connection ends. `delay`: it comes
   * late. `freeze`: its connection hands on nothing more; `silence`: no connection does, new ones included.
   */
  readonly how: "cut" | "half" | "delay" | "freeze" | "silence";
}

/** A forwarder before a MySQL server that knows where in the stream of bytes each statement begins. */
export interface StatementProxy {
  readonly port: number;
  /** Counts from now on, and does this at a statement. */
  arm(fault?: Fault): void;
  /** Statements since then; the sign-on of a new connection is one. */
  readonly statements: number;
  /** Whether the fault has happened. */
  readonly struck: boolean;
  /** Resets a connection that is open, by chance, or all. */
  cut(which: "one" | "all"): void;
  freeze(): void;
  /** Hands on all that was held, also what its sender has given up since, as a network does that heals. */
  thaw(): void;
  /** How many connections clients have open. */
  readonly connections: number;
  close(): Promise<void>;
}

/** What clients send that has no answer: COM_QUIT, COM_STMT_CLOSE. */
const unanswered = new Set([0x01, 0x19]);

/** How late a delayed statement or answer is, in milliseconds. */
const delay = 30;

/** One direction of a connection: what is held comes before what follows. */
class Direction {
  readonly #held: Buffer[] = [];
  #isEnded = false;
  isHeld = false;

  constructor(private readonly to: Socket) {}

  send(bytes: Buffer): void {
    if (this.isHeld) this.#held.push(bytes);
    else if (!this.to.destroyed) this.to.write(bytes);
  }

  end(): void {
    this.#isEnded = true;
    if (!this.isHeld) this.to.end();
  }

  release(): void {
    this.isHeld = false;
    for (const bytes of this.#held.splice(0)) this.send(bytes);
    if (this.#isEnded) this.to.end();
  }
}

/**
 * Starts such a forwarder to a port of 127.0.0.1. Statements that are to be late come so many milliseconds later, and with
 * them what follows on their connection.
 */
export async function startStatementProxy(
  target: number,
  lateness: (statement: string) => number = () => 0,
): Promise<StatementProxy> {
  let fault: Fault | undefined;
  let statements = 0;
  let struck = false;
  let isSilent = false;
  const links = new Set<{ client: Socket; upstream: Socket; there: Direction; back: Direction }>();
  const hold = ({ there, back }: { there: Direction; back: Direction }) => {
    there.isHeld = true;
    back.isHeld = true;
  };
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.once("close", () => clients.delete(client));
    const upstream = connect(target, "127.0.0.1");
    const link = { client, upstream, there: new Direction(upstream), back: new Direction(client) };
    links.add(link);
    if (isSilent) hold(link);
    /** What is to become of the next bytes from the server. */
    let awaited: Fault["how"] | undefined;
    const strike = (how: Fault["how"], direction: Direction, bytes: Buffer) => {
      struck = true;
      if (how === "cut") {
        client.resetAndDestroy();
        upstream.destroy();
      } else if (how === "half") {
        direction.send(bytes.subarray(0, Math.ceil(bytes.length / 2)));
        client.end();
        upstream.end();
      } else if (how === "delay") {
        direction.isHeld = true;
        direction.send(bytes);
        setTimeout(() => direction.release(), delay);
      } else {
        isSilent ||= how === "silence";
        for (const each of how === "silence" ? links : [link]) hold(each);
        direction.send(bytes);
      }
    };
    let isFirst = true;
    let pending = Buffer.alloc(0);
    client.on("data", (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      // A packet: its length (3 bytes), its number (from 0 in each command), and its body, which a command begins.
      while (pending.length >= 5 && pending.length >= 4 + pending.readUIntLE(0, 3)) {
        const packet = pending.subarray(0, 4 + pending.readUIntLE(0, 3));
        pending = pending.subarray(packet.length);
        const isStatement = isFirst || (packet[3] === 0 && !unanswered.has(packet[4] as number));
        isFirst = false;
        if (isStatement && ++statements === fault?.at && !struck) {
          if (fault.when === "before") {
            strike(fault.how, link.there, packet);
            continue;
          }
          awaited = fault.how;
        }
        const late = isStatement ? lateness(packet.toString("latin1", 5)) : 0;
        if (late > 0) {
          link.there.isHeld = true;
          setTimeout(() => link.there.release(), late);
        }
        link.there.send(packet);
      }
    });
    upstream.on("data", (bytes) => {
      const how = awaited;
      awaited = undefined;
      if (how) strike(how, link.back, bytes);
      else link.back.send(bytes);
    });
    client.on("end", () => link.there.end());
    upstream.on("end", () => link.back.end());
    client.on("error", () => undefined).on("close", () => link.there.end());
    upstream
      .on("error", () => undefined)
      .on("close", () => {
        link.back.end();
        links.delete(link);
      });
    for (const socket of [client, upstream]) socket.setNoDelay(true);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (!address || typeof address !== "object") throw new Error("the proxy has no port");
  return {
    port: address.port,
    arm(next) {
      fault = next;
      statements = 0;
      struck = false;
    },
    get statements() {
      return statements;
    },
    get struck() {
      return struck;
    },
    cut(which) {
      const all = [...links].filter(({ client }) => !client.destroyed);
      const one = all[Math.floor(Math.random() * all.length)];
      for (const { client, upstream } of which === "all" ? all : one ? [one] : []) {
        client.resetAndDestroy();
        upstream.destroy();
      }
    },
    freeze() {
      isSilent = true;
      for (const link of links) hold(link);
    },
    thaw() {
      isSilent = false;
      for (const { there, back } of links) {
        there.release();
        back.release();
      }
    },
    get connections() {
      return [...links].filter(({ client }) => !client.destroyed).length;
    },
    async close() {
      for (const { upstream } of links) upstream.destroy();
      // Also those whose server has left, and who were not told, as what was for them is held.
      for (const client of clients) client.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
