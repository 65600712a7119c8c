import type { Attributes, HrTime, SpanContext, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
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

/** What spans are made with: the libraries are loaded elsewhere. */
export interface SpanMaking {
  /** Who makes them. */
  readonly maker: Pick<ReadableSpan, "resource" | "instrumentationScope">;
  /** The name of the database's kind. */
  readonly database: string;
  readonly kinds: { readonly call: SpanKind; readonly statement: SpanKind };
  readonly status: { readonly unset: SpanStatusCode; readonly error: SpanStatusCode };
  /** The flags of a trace that is kept. */
  readonly sampled: number;
  newTraceId(): string;
  newSpanId(): string;
  /** From milliseconds since 1970. */
  toTime(milliseconds: number): HrTime;
  add(span: ReadableSpan): void;
}

/** How a call ended. */
interface End {
  readonly code: string;
  readonly reason?: string | undefined;
  readonly requestId: string;
}

/** A span that is over. */
interface Past {
  readonly name: string;
  readonly kind: SpanKind;
  readonly own: SpanContext;
  readonly parent: SpanContext | undefined;
  /** By performance.now. */
  readonly began: number;
  readonly ended: number;
  readonly isFailure: boolean;
  readonly attributes: Attributes;
}

const none: never[] = [];

/**
 * The span of a call, and of the statements that are run for it. Each is made once, when it is over, as the exporter takes
 * it: the library's own tracer makes it at once, for others to see and change, and here nobody does.
 */
export class KeptCall {
  readonly trace = this;
  /** What turns times by performance.now into those since 1970: once, so that all spans of a call fit each other. */
  readonly #since1970 = Date.now() - performance.now();
  readonly #began = performance.now();
  readonly #own: SpanContext;
  #statements = 0;
  #hasEnded = false;

  constructor(
    private readonly call: { readonly path: string; readonly rpcSystem: string },
    /** The span of another that it is called by, if any. */
    private readonly parent: SpanContext | undefined,
    private readonly making: SpanMaking,
  ) {
    this.#own = this.#contextIn(parent ?? { traceId: making.newTraceId() });
  }

  get id(): string {
    return this.#own.traceId;
  }

  statement(sql: string, began: number, ended: number, failure?: string): void {
    if (this.#hasEnded || ++this.#statements > mostStatements) return;
    const { kinds, database } = this.making;
    const { operation, table } = nameOf(sql);
    const attributes: Attributes = { "db.system.name": database, "db.operation.name": operation };
    if (table) attributes["db.collection.name"] = table;
    if (failure) attributes["error.type"] = failure;
    const name = table ? `${operation} ${table}` : operation;
    const [own, parent] = [this.#contextIn(this.#own), this.#own];
    const isFailure = failure !== undefined;
    this.#add({ name, kind: kinds.statement, own, parent, began, ended, isFailure, attributes });
  }

  ended({ code, reason, requestId }: End): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const name = this.call.path.slice(1);
    const attributes: Attributes = {
      "rpc.system.name": this.call.rpcSystem,
      "rpc.method": name,
      "rpc.response.status_code": code,
      "archive.request_id": requestId,
    };
    if (reason !== undefined) attributes["archive.reason"] = reason;
    const leftOut = this.#statements - mostStatements;
    if (leftOut > 0) attributes["archive.statements_left_out"] = leftOut;
    const [began, ended] = [this.#began, performance.now()];
    const isFailure = faults.has(code);
    const kind = this.making.kinds.call;
    this.#add({ name, kind, own: this.#own, parent: this.parent, began, ended, isFailure, attributes });
  }

  #contextIn({ traceId, traceState }: Pick<SpanContext, "traceId" | "traceState">): SpanContext {
    const { sampled: traceFlags } = this.making;
    return { traceId, spanId: this.making.newSpanId(), traceFlags, ...(traceState && { traceState }) };
  }

  #add({ name, kind, own, parent, began, ended, isFailure, attributes }: Past): void {
    const { maker, status, toTime } = this.making;
    this.making.add({
      ...maker,
      name,
      kind,
      spanContext: () => own,
      ...(parent && { parentSpanContext: parent }),
      startTime: toTime(this.#since1970 + began),
      endTime: toTime(this.#since1970 + ended),
      duration: toTime(ended - began),
      ended: true,
      status: { code: isFailure ? status.error : status.unset },
      attributes,
      links: none,
      events: none,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    });
  }
}

/** What a statement does, and to which table first: never what it is about. */
function nameOf(sql: string): { readonly operation: string; readonly table: string | undefined } {
  const text = mainStatement(sql).slice(0, lookedThrough);
  const [, table] = /\b(?:FROM|INTO|UPDATE) `(\w+)`/.exec(text) ?? [];
  const [, operation = "SELECT"] = /^(?:SET STATEMENT [^;]*? FOR )?([A-Z]+)/.exec(text) ?? [];
  return { operation: operation === "WITH" ? "SELECT" : operation, table };
}
