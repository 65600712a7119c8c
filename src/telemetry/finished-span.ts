/** A span that is over, as data alone: another thread makes of it what is sent. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: "call" | "statement";
  /** Hexadecimal, as `traceparent` has them: 32 and 16 digits. */
  readonly traceId: string;
  readonly spanId: string;
  /** The span that it is below, if any: of a statement its call's, of a call one of another process. */
  readonly parentId: string | undefined;
  /** What the caller's `tracestate` said, if anything. */
  readonly traceState: string | undefined;
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly ended: number;
  readonly isFailure: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
}
