import { constants } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { DescMessage } from "@bufbuild/protobuf";
import { type ClientCertificate, certificateOf } from "../access/certificate.js";
import { joinAddress } from "../address.js";
import { invalidFields } from "../archive/archive-error.js";
import { authorizationOf } from "../service/authorization-of.js";
import type { CallEnd, ServerStreamingCall, UnaryCall } from "../service/incoming-call.js";
import { type Encoded, wholeOf } from "../service/respond-within.js";
import type { CallStatus } from "../service/status.js";
import { turnAfter } from "../turns.js";
import type { CallProtocol } from "./call-protocol.js";
import { envelope, onlyMessage } from "./envelope.js";
import { type HttpRequest, type HttpResponse, headerOf } from "./http-exchange.js";
import { decompress, readBody } from "./read-body.js";
import { readJson } from "./read-json.js";
import { writeJson } from "./write-json.js";

/** A method's messages. */
export interface Messages {
  readonly input: DescMessage;
  readonly output: DescMessage;
}

/** The longest time that Node can wait, in milliseconds. */
const longest = 2 ** 31 - 1;
const sizeOfEnvelope = 5;

/** A call that came over HTTP. */
export class HttpCall implements UnaryCall, ServerStreamingCall {
  end: CallEnd | undefined;
  readonly peer: string;
  readonly transcode: ((message: Encoded) => Promise<Buffer>) | undefined;
  readonly #listeners: (() => void)[] = [];
  #fault: { readonly field: string; readonly description: string } | undefined;

  constructor(
    readonly path: string,
    private readonly incoming: HttpRequest,
    private readonly response: HttpResponse,
    private readonly protocol: CallProtocol,
    private readonly messages: Messages,
    private readonly maxReceiveSize: number,
  ) {
    const { remoteAddress = "", remotePort = 0 } = incoming.socket;
    this.peer = joinAddress(remoteAddress, remotePort);
    if (protocol.isJson) this.transcode = (message) => writeJson(messages.output, wholeOf(message));
    const timer = this.#deadline();
    response.once("close", () => {
      clearTimeout(timer);
      if (!response.writableFinished) this.end ??= "CANCELLED";
      this.#tell();
    });
  }

  get rpcSystem() {
    return this.protocol.rpcSystem;
  }

  header(name: string): string | undefined {
    return name === "authorization" ? authorizationOf(this.incoming.rawHeaders) : headerOf(this.incoming, name);
  }

  get connection() {
    const { session } = "stream" in this.incoming ? this.incoming.stream : {};
    return session ?? this.incoming.socket;
  }

  clientCertificate(): ClientCertificate | undefined {
    return certificateOf(this.connection, this.incoming.socket as TLSSocket);
  }

  onceEnded(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async request(): Promise<Buffer> {
    if (this.#fault) throw invalidFields([this.#fault]);
    const { isEnveloped, isJson, encodingHeader } = this.protocol;
    const most = this.maxReceiveSize + (isEnveloped ? sizeOfEnvelope : 0);
    const body = await readBody(this.incoming, most, (listener) => this.onceEnded(listener));
    const { isCompressed, message } = isEnveloped ? onlyMessage(body) : { isCompressed: true, message: body };
    const method = isCompressed ? this.header(encodingHeader) : undefined;
    const bytes = await decompress(message, method, this.maxReceiveSize);
    if (!isJson) return bytes;
    await turnAfter(bytes.length);
    return readJson(this.messages.input, bytes);
  }

  sendHeaders(requestId: string): void {
    this.response.setHeader("x-request-id", requestId);
  }

  answer(response: Encoded): void {
    const bytes = wholeOf(response);
    const { contentType, isEnveloped } = this.protocol;
    const end = this.protocol.ending();
    const body = isEnveloped && end ? Buffer.concat([envelope(0, bytes), end]) : bytes;
    this.#finish(200, contentType, body);
  }

  write(bytes: Buffer, done: () => void): void {
    if (!this.response.headersSent) this.response.writeHead(200, { "content-type": this.protocol.contentType });
    // Node's two kinds of responses take the same, but no type says so of both.
    const { response } = this;
    if ("stream" in response) response.write(envelope(0, bytes), "utf8", done);
    else response.write(envelope(0, bytes), done);
  }

  finish(): void {
    this.#finish(200, this.protocol.contentType, this.protocol.ending() ?? Buffer.alloc(0));
  }

  fail(status: CallStatus): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    const head = this.protocol.failureHead(status);
    if (!this.response.headersSent) {
      this.sendHeaders(status.requestId);
      if (status.retryAfter !== undefined) this.response.setHeader("retry-after", Math.ceil(status.retryAfter / 1000));
    }
    this.#finish(head.status, head.contentType, this.protocol.ending(status) ?? Buffer.alloc(0));
  }

  breakOff(): void {
    if ("stream" in this.incoming) this.incoming.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else this.incoming.socket.destroy();
  }

  #finish(status: number, contentType: string, body: Buffer): void {
    const { response, incoming } = this;
    if (response.destroyed) return;
    if (response.headersSent) {
      response.end(body);
      return;
    }
    response.statusCode = status;
    response.setHeader("content-type", contentType);
    response.setHeader("content-length", body.length);
    if (!incoming.complete) leaveUnread(incoming, response);
    response.end(body);
  }

  /** Ends the call when its time is over. */
  #deadline(): NodeJS.Timeout | undefined {
    const { timeout } = this.protocol;
    const text = this.header(timeout.header);
    if (text === undefined) return undefined;
    const milliseconds = timeout.read(text);
    if (milliseconds === undefined) {
      this.#fault = { field: timeout.header, description: "is no time that a call may take" };
      return undefined;
    }
    return setTimeout(
      () => {
        this.end ??= "DEADLINE_EXCEEDED";
        this.#tell();
      },
      Math.min(milliseconds, longest),
    );
  }

  #tell(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

/** Has the connection, or the stream, closed after the answer: the rest of the request is not read. */
function leaveUnread(request: HttpRequest, response: HttpResponse): void {
  if ("stream" in request) {
    const { stream } = request;
    response.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR));
  } else {
    response.setHeader("connection", "close");
  }
}
