type KeyValue = { readonly key: string; readonly value: Record<string, unknown> }

/** A value as OTLP's JSON writes it. */
export function anyValue(value: unknown): Record<string, unknown> {
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { stringValue: typeof value === 'string' ? value : JSON.stringify(value) }
}

export const keyValues = (values: Readonly<Record<string, unknown>>): KeyValue[] =>
  Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }))

/** A node as OpenTelemetry names who speaks. */
export const resourceOf = (node: string) => ({
  attributes: keyValues({
    'service.name': 'banyan',
    'service.instance.id': node,
    'banyan.node': node,
  }),
})

/** Milliseconds as nanoseconds, in a text. */
export const nanoOf = (ms: number): string => String(BigInt(Math.round(ms * 1_000)) * 1_000n)
