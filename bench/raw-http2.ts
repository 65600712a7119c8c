import { connect, type Socket } from "node:net";

/** Frames of HTTP/2 by hand: what no client's library would send. */
const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

const preface = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, Buffer.alloc(0))]);

/** A text as HPACK has it: its length, seven bits first, and its bytes. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** Headers as HPACK has them, none of which is kept for later ones. */
export const headerBlock = (headers: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));

export const requestHeaders = (path: string, contentType: string) => ({
  ":method": "POST",
  ":scheme": "http",
  ":path": path,
  ":authority": "localhost",
  "content-type": contentType,
  te: "trailers",
});

/** Waits for an event of a connection, or for its end. */
export const eitherOf = (socket: Socket, event: "connect" | "drain"): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      socket.off(event, done).off("close", done);
      resolve();
    };
    socket.on(event, done).on("close", done);
  });

/** Opens a connection of HTTP/2 on which anything can be sent; what comes is not looked at. */
export async function openRaw(address: string): Promise<Socket> {
  const [host, port] = address.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => undefined);
  await eitherOf(socket, "connect");
  socket.resume();
  socket.write(preface);
  return socket;
}

/** Begins a call and takes it back at once. */
export const beginAndReset = (stream: number, block: Buffer): Buffer =>
  Buffer.concat([frame(1, 4, stream, block), frame(3, 0, stream, Buffer.from([0, 0, 0, 8]))]);

/** A call with its only message. */
export const wholeCall = (stream: number, block: Buffer, message: Buffer): Buffer =>
  Buffer.concat([frame(1, 4, stream, block), frame(0, 1, stream, message)]);

/** Begins headers that do not end, and goes on with them. */
export const endlessHeaders = (stream: number, block: Buffer): Buffer => frame(1, 0, stream, block);
export const moreHeaders = (stream: number, block: Buffer): Buffer => frame(9, 0, stream, block);

/** Questions that are to be answered, each of a few bytes. */
export const ping = frame(6, 0, 0, Buffer.alloc(8));
export const settings = frame(4, 0, 0, Buffer.alloc(0));
