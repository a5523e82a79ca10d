import type { Data as Everything, Scope, Sql } from 'banyan'

/**
 * What Conduit needs of Banyan's data. It is handed in, so that the same handlers run on anything of
 * this shape.
 */
export type Data = Pick<Everything, 'of' | 'by' | 'everywhere'>

/** Where rows can be read: a scope, or a shard. */
export type Readable = { readonly read: Sql }

export type { Scope, Sql }
