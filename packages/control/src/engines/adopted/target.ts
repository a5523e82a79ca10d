import { connectionUrl, joinPlace, parseDatabaseUrl, resolvePath, type System } from '@banyan/model'

/** A server that somebody else runs, as it is connected to and as it is called. */
export type Target = {
  /** Holds the password: for connecting, never for showing. */
  readonly url: string
  readonly user: string
  readonly host: string
  readonly port: number
  readonly database: string
  /** `db.example:5432/notes`, for people. */
  readonly name: string
}

export function targetOf({ data, root }: System): Target {
  if (data?.url == null) throw new Error('the system has not adopted a database')
  const { user, host, port, database } = parseDatabaseUrl(data.url)
  return {
    url: connectionUrl(data.url, root, resolvePath),
    user,
    host,
    port,
    database,
    name: `${joinPlace(host, port)}/${database}`,
  }
}
