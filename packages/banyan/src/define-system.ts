import type { SystemInput } from '@banyan/model'

/**
 * Says what a system is made of. Gives its argument back unchanged; it is there for the types, so that
 * an editor completes the keys and `tsc` finds the wrong ones. What types cannot say is checked by
 * `banyan up`, which names every fault at once.
 *
 * @example
 * // banyan.config.ts
 * import { defineSystem } from 'banyan'
 * export default defineSystem({
 *   name: 'notes',
 *   services: { web: { run: 'node src/web.ts', routes: ['/'] } },
 *   data: { migrations: './migrations', tables: { notes: { by: 'user_id' } } },
 * })
 */
export const defineSystem = (system: SystemInput): SystemInput => system
