import type { Attributes, Context, Span, SpanKind, SpanStatusCode, Tracer } from "@opentelemetry/api";
import { mainStatement } from "./main-statement.js";

/** The most spans of statements of one call. */
const mostStatements = 100;

/** The most characters of a statement that are looked through for its table. */
const lookedThrough = 4096;

/** The codes that a server is to blame for. */
const faults: ReadonlySet<string> = new Set([
  "UNIMPLEMENTED",
  "INTERNAL",
  "DATA_LOSS",
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
]);

/** What spans are made with: the library is loaded elsewhere. */
export interface SpanMaking {
  readonly tracer: Tracer;
  /** The name of the database's kind. */
  readonly database: string;
  readonly kinds: { readonly call: SpanKind; readonly statement: SpanKind };
  /** The status of what failed. */
  readonly error: SpanStatusCode;
  /** Where spans below another are. */
  within(span: Span): Context;
}

/** How a call ended. */
interface End {
  readonly code: string;
  readonly reason?: string | undefined;
  readonly requestId: string;
}

/** The span of a call, and of the statements that are run for it. */
export class KeptCall {
  readonly id: string;
  readonly trace = this;
  /** What turns times by performance.now into those since 1970: once, so that all spans of a call fit each other. */
  readonly #since1970 = Date.now() - performance.now();
  readonly #span: Span;
  readonly #within: Context;
  #statements = 0;
  #hasEnded = false;

  constructor(
    { path, rpcSystem }: { readonly path: string; readonly rpcSystem: string },
    /** Which trace it is of, if of any yet. */
    context: Context,
    private readonly making: SpanMaking,
  ) {
    const { tracer, kinds, within } = making;
    const name = path.slice(1);
    const attributes = { "rpc.system.name": rpcSystem, "rpc.method": name };
    const startTime = this.#since1970 + performance.now();
    this.#span = tracer.startSpan(name, { kind: kinds.call, startTime, attributes }, context);
    this.#within = within(this.#span);
    this.id = this.#span.spanContext().traceId;
  }

  statement(sql: string, began: number, ended: number, failure?: string): void {
    if (this.#hasEnded || ++this.#statements > mostStatements) return;
    const { tracer, kinds, error, database } = this.making;
    const { operation, table } = nameOf(sql);
    const attributes: Attributes = { "db.system.name": database, "db.operation.name": operation };
    if (table) attributes["db.collection.name"] = table;
    if (failure) attributes["error.type"] = failure;
    const name = table ? `${operation} ${table}` : operation;
    const startTime = this.#since1970 + began;
    const span = tracer.startSpan(name, { kind: kinds.statement, startTime, attributes }, this.#within);
    if (failure) span.setStatus({ code: error });
    span.end(this.#since1970 + ended);
  }

  ended({ code, reason, requestId }: End): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#span.setAttributes({ "rpc.response.status_code": code, "archive.request_id": requestId });
    if (reason !== undefined) this.#span.setAttribute("archive.reason", reason);
    const leftOut = this.#statements - mostStatements;
    if (leftOut > 0) this.#span.setAttribute("archive.statements_left_out", leftOut);
    if (faults.has(code)) this.#span.setStatus({ code: this.making.error });
    this.#span.end(this.#since1970 + performance.now());
  }
}

/** What a statement does, and to which table first: never what it is about. */
function nameOf(sql: string): { readonly operation: string; readonly table: string | undefined } {
  const text = mainStatement(sql).slice(0, lookedThrough);
  const [, table] = /\b(?:FROM|INTO|UPDATE) `(\w+)`/.exec(text) ?? [];
  const [, operation = "SELECT"] = /^(?:SET STATEMENT [^;]*? FOR )?([A-Z]+)/.exec(text) ?? [];
  return { operation: operation === "WITH" ? "SELECT" : operation, table };
}
