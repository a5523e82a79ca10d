/**
 * What a system measures of itself, and what an app adds to it.
 *
 * @example
 * import { record } from 'banyan/telemetry'
 * record('user.active', { subject: user.id })
 */
export { type RecordOptions, record } from './telemetry/record.ts'
