import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect as connectTcp, isIP, isIPv6, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { GelfConnection } from "./gelf-sender.js";
import type { LogTarget } from "./log-target.js";

/** What ends a message in a stream. */
const end = Buffer.from([0]);

/** Connects to a Graylog by TCP or TLS. What it sends is read away: a Graylog says nothing. */
export async function connectByStream(
  { kind, host, port, ca }: LogTarget,
  signal: AbortSignal,
): Promise<GelfConnection> {
  const socket: Socket =
    kind === "tls"
      ? connectTls({ host, port, ...(!isIP(host) && { servername: host }), ...(ca && { ca: ca.bytes }) })
      : connectTcp({ host, port });
  // A process may end while it is connected.
  socket.unref();
  socket.setKeepAlive(true, 30_000);
  let failure: Error | undefined;
  socket.on("error", (error) => {
    failure = error;
  });
  socket.resume();
  try {
    await once(socket, kind === "tls" ? "secureConnect" : "connect", { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    send: (messages) =>
      new Promise((resolve, reject) => {
        const gone = () => reject(failure ?? new Error("the connection was closed"));
        if (socket.destroyed || socket.readableEnded) return gone();
        socket.once("close", gone);
        socket.write(Buffer.concat(messages.flatMap((message) => [message, end])), (error) => {
          socket.off("close", gone);
          if (error) reject(error);
          else resolve(0);
        });
      }),
    close: () => void socket.destroy(),
  };
}

/** The most bytes of a datagram, and of the chunks of one message. */
const bytesOfChunk = 8000;
const mostChunks = 128;
const headOfChunk = Buffer.from([0x1e, 0x0f]);

/** Sends by UDP, which nobody answers: what gets lost on the way is not known. */
export async function connectByDatagrams({ host, port }: LogTarget, signal: AbortSignal): Promise<GelfConnection> {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4").unref();
  // A port that nobody listens on says so, some time.
  socket.on("error", () => undefined);
  const connected = once(socket, "connect", { signal });
  socket.connect(port, host);
  await connected;
  const sendOne = (bytes: Buffer) =>
    new Promise<void>((resolve) => {
      socket.send(bytes, () => resolve());
    });
  return {
    async send(messages) {
      let lost = 0;
      for (const message of messages) {
        const chunks = chunksOf(message);
        if (chunks.length === 0) lost++;
        for (const chunk of chunks) await sendOne(chunk);
      }
      return lost;
    },
    close: () => void socket.close(),
  };
}

/** A message as one datagram or several; none where it has more bytes than all chunks of one may have. */
function chunksOf(message: Buffer): Buffer[] {
  if (message.length <= bytesOfChunk) return [message];
  const count = Math.ceil(message.length / bytesOfChunk);
  if (count > mostChunks) return [];
  const id = randomBytes(8);
  return Array.from({ length: count }, (_, index) =>
    Buffer.concat([
      headOfChunk,
      id,
      Buffer.from([index, count]),
      message.subarray(index * bytesOfChunk, (index + 1) * bytesOfChunk),
    ]),
  );
}
