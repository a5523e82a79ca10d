import {
  memberUrls,
  type RuntimeMember,
  type RuntimeShard,
  withPlace,
  withSessionSetting,
} from '@banyan/model'
import type pg from 'pg'

/** How a member is connected to, by the role of the app. */

const readOnly = 'default_transaction_read_only'

/** A session that may write, where the member does. */
export function writerConfig(shard: RuntimeShard, member: RuntimeMember): pg.ClientConfig {
  const { url, database, user, password } = shard
  if (url !== undefined) return { connectionString: urlAt(shard, member) }
  const { host, port } = member
  return { host, port, database, user, password }
}

/** A session that only reads. A pooler hands sessions on to others, so that nothing may be set for them. */
export function readerConfig(shard: RuntimeShard, member: RuntimeMember): pg.ClientConfig {
  if (shard.pooled === true) return writerConfig(shard, member)
  if (shard.url !== undefined) {
    return { connectionString: withSessionSetting(urlAt(shard, member), readOnly, 'on') }
  }
  return { ...writerConfig(shard, member), options: `-c ${readOnly}=on` }
}

/** Whether the members can be asked what they are: an adopted database with one host is taken as it is. */
export const isWatched = ({ url, pooled, foreign }: RuntimeShard): boolean =>
  pooled !== true && (url === undefined || foreign === true)

/** What a member is called in errors: `127.0.0.1:5432/notes`. */
export const targetOf = (shard: RuntimeShard, { host, port }: RuntimeMember): string =>
  `${host}:${port}/${shard.database}`

/**
 * The URL of a database for one of its hosts. With one host it stays as it was written: it may name the
 * folder of a socket.
 */
export function urlAt(
  { url = '', members }: Pick<RuntimeShard, 'url' | 'members'>,
  { host, port }: Pick<RuntimeMember, 'host' | 'port'>,
  isOther = false,
): string {
  const isList = memberUrls(url).length > 1
  return members.length <= 1 && !isList && !isOther ? url : withPlace(url, { host, port })
}
