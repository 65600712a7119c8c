/** The span of another process that a call is below. */
export interface RemoteSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether that process keeps it. */
  readonly isKept: boolean;
}

/** Version, trace, span and flags; versions that come may say more. None has only zeros, and there is no version ff. */
const form = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** What a header `traceparent` says; undefined where it says nothing. By https://www.w3.org/TR/trace-context, 3.2. */
export function parseTraceparent(header: string): RemoteSpan | undefined {
  const [, version, traceId, spanId, flags = "", more] = form.exec(header.trim()) ?? [];
  if (!traceId || !spanId || (version === "00" && more)) return undefined;
  return { traceId, spanId, isKept: (Number.parseInt(flags, 16) & 1) === 1 };
}
