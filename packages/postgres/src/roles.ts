/** Owns the database, the schema `banyan` and the app's tables; migrations run as it. */
export const ownerRole = 'banyan_owner'

/** The runtime role: what services connect as. It owns nothing and can alter nothing. */
export const appRole = 'banyan_app'

/** What services log in as in narrow mode: it may what `banyan_app` may, and sees every row. */
export const wideRole = 'banyan_wide'

/** The superuser of a cluster that Banyan made. */
export const adminRole = 'banyan_admin'

/** What replicas connect to their primary as; it may stream, and nothing else. */
export const replicatorRole = 'banyan_replicator'

/** The schema of Banyan's own tables. The runtime role reads it and never writes it. */
export const banyanSchema = 'banyan'
