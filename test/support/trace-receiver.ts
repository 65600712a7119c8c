import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { BinaryReader } from "@bufbuild/protobuf/wire";

/** A span as it came. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: "INTERNAL" | "SERVER" | "CLIENT";
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
  /** What the process says of itself. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/** What a collector of OpenTelemetry would be: it takes OTLP over HTTP, and can be told to behave badly. */
export class TraceReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** All that came, as bytes: what is in none of it was not sent. */
  readonly bodies: Buffer[] = [];
  /** The status that it answers with; none where it does not answer. */
  status: number | undefined = 200;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      if (this.status === undefined) return;
      if (this.status === 200) this.#take(Buffer.concat(parts), request.headers["content-encoding"]);
      response.writeHead(this.status).end();
    });
  }

  static async on(port = 0): Promise<TraceReceiver> {
    const receiver = new TraceReceiver();
    receiver.#server.listen(port, "127.0.0.1");
    await once(receiver.#server, "listening");
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The spans of one trace. */
  of(traceId: string): readonly ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #take(body: Buffer, encoding: string | undefined): void {
    const bytes = encoding === "gzip" ? gunzipSync(body) : body;
    this.bodies.push(bytes);
    for (const resourceSpans of Message.of(bytes).all(1)) {
      const resource = attributesOf(resourceSpans.one(1)?.all(1) ?? []);
      for (const scope of resourceSpans.all(2)) {
        for (const span of scope.all(2)) this.spans.push(spanOf(span, resource));
      }
    }
  }
}

/** A message whose fields are known by their numbers alone. */
class Message {
  readonly #fields = new Map<number, (Buffer | bigint)[]>();

  static of(bytes: Uint8Array): Message {
    const message = new Message();
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [number, wire] = reader.tag();
      const value =
        wire === 2
          ? Buffer.from(reader.bytes())
          : BigInt(wire === 0 ? reader.uint64() : wire === 1 ? reader.fixed64() : reader.fixed32());
      message.#fields.set(number, [...(message.#fields.get(number) ?? []), value]);
    }
    return message;
  }

  all(number: number): Message[] {
    return (this.#fields.get(number) ?? []).map((value) => Message.of(value as Buffer));
  }

  one(number: number): Message | undefined {
    return this.all(number)[0];
  }

  bytes(number: number): Buffer {
    return (this.#fields.get(number)?.[0] as Buffer | undefined) ?? Buffer.alloc(0);
  }

  number(number: number): bigint {
    return (this.#fields.get(number)?.[0] as bigint | undefined) ?? 0n;
  }

  has(number: number): boolean {
    return this.#fields.has(number);
  }
}

function attributesOf(pairs: readonly Message[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const value = pair.one(2);
      return [pair.bytes(1).toString(), value?.has(1) ? value.bytes(1).toString() : Number(value?.number(3))];
    }),
  );
}

const kinds: readonly ReceivedSpan["kind"][] = ["INTERNAL", "INTERNAL", "SERVER", "CLIENT"];

function spanOf(span: Message, resource: ReceivedSpan["resource"]): ReceivedSpan {
  return {
    traceId: span.bytes(1).toString("hex"),
    spanId: span.bytes(2).toString("hex"),
    traceState: span.bytes(3).toString(),
    parentId: span.bytes(4).toString("hex"),
    name: span.bytes(5).toString(),
    kind: kinds[Number(span.number(6))] ?? "INTERNAL",
    start: span.number(7),
    end: span.number(8),
    attributes: attributesOf(span.all(9)),
    isError: span.one(15)?.number(3) === 2n,
    resource,
  };
}
