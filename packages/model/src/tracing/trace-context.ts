/** Where a request comes from, by W3C Trace Context: its trace, and the span that sent it. */
export type TraceParent = { readonly traceId: string; readonly spanId: string }

const version0 = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
/** Later versions may say more behind what we know; ff is none. */
const later = /^(?!00|ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/

/** Whether a `traceparent` is one. */
export const isTraceparent = (value: string): boolean => version0.test(value) || later.test(value)

/**
 * Reads a `traceparent`; null when it is none. Its flags are left out: whether a trace is kept is not for
 * whoever sent the request to decide.
 *
 * @example
 * readTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')?.spanId // '00f067aa0ba902b7'
 */
export function readTraceparent(value: string | null | undefined): TraceParent | null {
  if (value === null || value === undefined || !isTraceparent(value)) return null
  return { traceId: value.slice(3, 35), spanId: value.slice(36, 52) }
}

/** The header for whoever is asked next: the flag says whether we keep the trace, so that others may do alike. */
export const traceparentOf = (traceId: string, spanId: string, isInShare: boolean): string =>
  `00-${traceId}-${spanId}-0${isInShare ? '1' : '0'}`
