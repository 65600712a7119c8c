import { randomUUID } from "node:crypto";
import type { FinishedSpan } from "./finished-span.js";
import { mainStatement } from "./main-statement.js";
import type { RemoteSpan } from "./traceparent.js";

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

/** Who takes the spans of calls. */
export interface SpanTaker {
  /** The name of the database's kind. */
  readonly database: string;
  add(span: FinishedSpan): void;
}

type Attributes = Record<string, string | number>;

/** How a call ended. */
interface End {
  readonly code: string;
  readonly reason?: string | undefined;
  readonly requestId: string;
}

/** The span of a call, and of the statements that are run for it. Each is made once, when it is over. */
export class KeptCall {
  readonly trace = this;
  /** What turns times by performance.now into those since 1970: once, so that all spans of a call fit each other. */
  readonly #since1970 = Date.now() - performance.now();
  readonly #began = performance.now();
  readonly id: string;
  readonly #spanId = newSpanId();
  #statements = 0;
  #hasEnded = false;

  constructor(
    private readonly call: { readonly path: string; readonly rpcSystem: string },
    /** What the caller says of its span, if anything, and what others note of the trace. */
    private readonly parent: RemoteSpan | undefined,
    private readonly traceState: string | undefined,
    private readonly taker: SpanTaker,
  ) {
    this.id = parent?.traceId ?? digits();
  }

  statement(sql: string, began: number, ended: number, failure?: string): void {
    if (this.#hasEnded || ++this.#statements > mostStatements) return;
    const { operation, table } = nameOf(sql);
    const attributes: Attributes = { "db.system.name": this.taker.database, "db.operation.name": operation };
    if (table) attributes["db.collection.name"] = table;
    if (failure) attributes["error.type"] = failure;
    this.taker.add({
      name: table ? `${operation} ${table}` : operation,
      kind: "statement",
      traceId: this.id,
      spanId: newSpanId(),
      parentId: this.#spanId,
      traceState: this.traceState,
      began: this.#since1970 + began,
      ended: this.#since1970 + ended,
      isFailure: failure !== undefined,
      attributes,
    });
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
    this.taker.add({
      name,
      kind: "call",
      traceId: this.id,
      spanId: this.#spanId,
      parentId: this.parent?.spanId,
      traceState: this.traceState,
      began: this.#since1970 + this.#began,
      ended: this.#since1970 + performance.now(),
      isFailure: faults.has(code),
      attributes,
    });
  }
}

/** 32 hexadecimal digits, 122 bits of them random: of UUIDs Node has many ready, where `randomBytes` takes 10 µs. */
const digits = () => randomUUID().replaceAll("-", "");
const newSpanId = () => digits().slice(16);

/** What a statement does, and to which table first: never what it is about. */
function nameOf(sql: string): { readonly operation: string; readonly table: string | undefined } {
  const text = mainStatement(sql).slice(0, lookedThrough);
  const [, table] = /\b(?:FROM|INTO|UPDATE) `(\w+)`/.exec(text) ?? [];
  const [, operation = "SELECT"] = /^(?:SET STATEMENT [^;]*? FOR )?([A-Z]+)/.exec(text) ?? [];
  return { operation: operation === "WITH" ? "SELECT" : operation, table };
}
