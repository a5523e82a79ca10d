import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** In the order in which they are looked for. A package of CommonJS needs an ending that says module. */
const names = ['ts', 'mts', 'js', 'mjs'].map((ending) => `banyan.config.${ending}`)

/** The config of the system in a folder, or null. */
export function findConfig(folder: string): string | null {
  const name = names.find((one) => existsSync(join(folder, one)))
  return name === undefined ? null : join(folder, name)
}
