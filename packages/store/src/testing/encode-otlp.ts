import { otlpType, type Signal } from '../otlp/messages.ts'

/** An export request as its sender packs it. */
export function encodeOtlp(signal: Signal, message: Record<string, unknown>): Uint8Array {
  const type = otlpType(signal)
  return type.encode(type.fromObject(message)).finish()
}
