import {
  connectionUrl,
  joinPlace,
  memberUrls,
  parseDatabaseUrl,
  resolvePath,
  type System,
} from '@banyan/model'

/** One server, as it is connected to and as it is called. */
export type Place = {
  /** Holds the password: for connecting, never for showing. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** `db.example:5432` */
  readonly name: string
}

/** A database that somebody else runs, on one server or on several of which one takes writes. */
export type Target = {
  /** Of the first server, or of the one that was chosen. Holds the password. */
  readonly url: string
  readonly user: string
  readonly host: string
  readonly port: number
  readonly database: string
  /** `db.example:5432/notes`, for people; of several servers all of them before the slash. */
  readonly name: string
  /** Every server that the URL names. */
  readonly members: readonly Place[]
}

export function targetOf({ data, root }: System): Target {
  if (data?.url == null) throw new Error('the system has not adopted a database')
  const members = memberUrls(data.url).map((url) => placeAt(url, root))
  const { user, host, port, database } = parseDatabaseUrl(data.url)
  const name = `${members.map((member) => member.name).join(',')}/${database}`
  return { url: members[0]?.url ?? '', user, host, port, database, name, members }
}

function placeAt(text: string, root: string): Place {
  const { host, port } = parseDatabaseUrl(text)
  return { url: connectionUrl(text, root, resolvePath), host, port, name: joinPlace(host, port) }
}

/** The same database on one of its servers. */
export function placed(target: Target, place: Place): Target {
  const { url, host, port, name } = place
  return { ...target, url, host, port, name: `${name}/${target.database}`, members: [place] }
}
