import type { Invocation, Value } from '../history/operation.ts'
import { completionOf } from './times.ts'

/** A value in a sentence: a text in quotation marks, and a long one shortened. */
export function sayValue(value: Value | null): string {
  if (value === null) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** A moment of the run in seconds, as a log of the run would show it. */
export const sayMoment = (ms: number): string =>
  Number.isFinite(ms) ? `${(ms / 1_000).toFixed(3)} s` : 'an unknown moment'

/** When the answer of an operation had arrived. */
export const sayEnd = (operation: Invocation): string => sayMoment(completionOf(operation))

/** When an operation began. */
export const sayBegin = ({ invokedMs }: Invocation): string => sayMoment(invokedMs)

/** Some things by name and the rest by number. */
export function saySome(values: readonly Value[], most = 5): string {
  const named = values.slice(0, most).map(sayValue).join(', ')
  return values.length > most ? `${named} and ${values.length - most} more` : named
}
