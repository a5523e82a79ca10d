import { quoteText } from '../quote.ts'
import { appRole } from '../roles.ts'

/**
 * The setting that the policies compare with. PostgreSQL gives a setting that was once set locally the
 * value '' afterwards, so that this is "no key", and a key has a sign before it: '' is a key as well.
 */
export const keySetting = 'banyan.key'

/** What a row's key is compared with, in SQL over the column's text. */
export const keyValueSql = (text: string): string => `'=' || ${text}`

/** Makes the rest of a transaction see the rows of one key only, as the runtime role. Two statements. */
export const narrowSql = (key: string): string => `set local role ${appRole}; ${keySql(key)}`

/**
 * Makes it another key. It is a SET, not `set_config`: that would be the transaction's first query,
 * behind which neither its isolation level could be chosen nor its snapshot be the app's choice.
 */
export const keySql = (key: string): string => `set local ${keySetting} = ${quoteText(`=${key}`)}`

/** Lets the rest of the transaction, or of the savepoint, see every row again. */
export const widenSql = `set local ${keySetting} = ''`
