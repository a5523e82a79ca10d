import type { KeyType } from '@banyan/model'
import { parseKey } from '@banyan/postgres'

/** A key in its one spelling, as text: node-postgres, too, gives a bigint column as text. */
export function keyText(value: unknown, keyType: KeyType): string {
  const key = parseKey(value, keyType)
  return typeof key === 'string' ? key : key.toString()
}
