import { type CallStatus, codeNumbers, encodeStatus } from "../service/status.js";
import { connectError, httpStatus } from "./call-failure.js";
import { envelope, flags } from "./envelope.js";

/** One of the ways in which a call is written over HTTP. */
export interface CallProtocol {
  /** What traces call it. */
  readonly rpcSystem: "grpc" | "connectrpc";
  /** Whether its messages come in envelopes. */
  readonly isEnveloped: boolean;
  /** Whether messages are JSON. */
  readonly isJson: boolean;
  /** The header that says how long the call may take, and how that is written. */
  readonly timeout: Timeout;
  /** The header that says how the request is compressed. */
  readonly encodingHeader: string;
  /** The status and the content type of an answer, and those of an error that comes before anything else. */
  readonly contentType: string;
  failureHead(status: CallStatus): { readonly status: number; readonly contentType: string };
  /** What ends an answer, with or without an error. */
  ending(status?: CallStatus): Buffer | undefined;
}

interface Timeout {
  readonly header: string;
  /** Milliseconds; undefined for what is no timeout. */
  read(text: string): number | undefined;
}

const connectTimeout: Timeout = {
  header: "connect-timeout-ms",
  read: (text) => (/^\d{1,10}$/.test(text) ? Number(text) : undefined),
};

const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

const grpcTimeout: Timeout = {
  header: "grpc-timeout",
  read(text) {
    const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
    return digits === undefined ? undefined : Math.ceil(Number(digits) * (units[unit] ?? 0));
  },
};

const connectUnary = (contentType: string, isJson: boolean): CallProtocol => ({
  rpcSystem: "connectrpc",
  isEnveloped: false,
  isJson,
  timeout: connectTimeout,
  encodingHeader: "content-encoding",
  contentType,
  failureHead: (status) => ({ status: httpStatus(status), contentType: "application/json" }),
  ending: (status) => status && Buffer.from(JSON.stringify(connectError(status))),
});

const connectStream = (contentType: string, isJson: boolean): CallProtocol => ({
  rpcSystem: "connectrpc",
  isEnveloped: true,
  isJson,
  timeout: connectTimeout,
  encodingHeader: "connect-content-encoding",
  contentType,
  failureHead: () => ({ status: 200, contentType }),
  ending: (status) =>
    envelope(flags.endOfConnect, Buffer.from(JSON.stringify(status ? { error: connectError(status) } : {}))),
});

const grpcWeb = (contentType: string, isJson: boolean): CallProtocol => ({
  rpcSystem: "grpc",
  isEnveloped: true,
  isJson,
  timeout: grpcTimeout,
  encodingHeader: "grpc-encoding",
  contentType,
  failureHead: () => ({ status: 200, contentType }),
  ending: (status) => envelope(flags.endOfGrpcWeb, Buffer.from(trailers(status))),
});

function trailers(status: CallStatus | undefined): string {
  if (!status) return "grpc-status: 0\r\n";
  // As gRPC encodes messages: what is no visible ASCII, and the percent sign.
  const message = Array.from(Buffer.from(status.message), (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
  const details = encodeStatus(status).toString("base64").replace(/=+$/, "");
  return `grpc-status: ${codeNumbers[status.code]}\r\ngrpc-message: ${message}\r\ngrpc-status-details-bin: ${details}\r\n`;
}

const unary: Readonly<Record<string, CallProtocol>> = {
  "application/json": connectUnary("application/json", true),
  "application/proto": connectUnary("application/proto", false),
};

const stream: Readonly<Record<string, CallProtocol>> = {
  "application/connect+json": connectStream("application/connect+json", true),
  "application/connect+proto": connectStream("application/connect+proto", false),
};

const web: Readonly<Record<string, CallProtocol>> = {
  "application/grpc-web": grpcWeb("application/grpc-web+proto", false),
  "application/grpc-web+proto": grpcWeb("application/grpc-web+proto", false),
  "application/grpc-web+json": grpcWeb("application/grpc-web+json", true),
};

/** The protocols of methods with one response and of those with many, by the content types of their requests. */
export const protocols = { unary: { ...unary, ...web }, serverStreaming: { ...stream, ...web } } as const;
