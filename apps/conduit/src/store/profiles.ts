import { isStorable } from '../http/fields.ts'
import type { Data, Scope } from './data.ts'

/** A user as others see them. */
export type ProfileRow = {
  readonly id: string
  readonly username: string
  readonly bio: string | null
  readonly image: string | null
}

/** The scope of the user with a name; null when nobody has it, or nobody could. */
const ownerOf = async (data: Data, username: string): Promise<Scope | null> =>
  isStorable(username) ? data.by('users.username', username) : null

/** The profile of a username, read where that user lives; null when nobody has it. */
export async function findProfile(data: Data, username: string): Promise<ProfileRow | null> {
  const owner = await ownerOf(data, username)
  if (owner === null) return null
  const [row] = await owner.read<ProfileRow>`
    select id, username, bio, image from users where id = ${owner.key}`
  return row ?? null
}

/** The id of a username, or null. */
export async function findUserId(data: Data, username: string): Promise<string | null> {
  return (await ownerOf(data, username))?.key ?? null
}

/** The profiles of many users by id: one query on every shard, however many users. */
export async function profilesOf(
  data: Data,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ProfileRow>> {
  if (ids.length === 0) return new Map()
  const { value } = await data.everywhere({
    each: (shard) =>
      shard.read<ProfileRow>`
        select id, username, bio, image from users where id = any(${ids}::uuid[])`,
    combine: (parts) => parts.flat(),
  })
  return new Map(value.map((row) => [row.id, row]))
}

/** Which of the users the viewer follows. The viewer's follows live with the viewer: one query. */
export async function followedAmong(
  data: Data,
  viewer: string | null,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (viewer === null || ids.length === 0) return new Set()
  const rows = await data.of(viewer).read<{ followee_id: string }>`
    select followee_id from follows
    where follower_id = ${viewer} and followee_id = any(${ids}::uuid[])`
  return new Set(rows.map((row) => row.followee_id))
}

/** Everybody whom the viewer follows. */
export async function followeesOf(data: Data, viewer: string): Promise<string[]> {
  const rows = await data.of(viewer).read<{ followee_id: string }>`
    select followee_id from follows where follower_id = ${viewer}`
  return rows.map((row) => row.followee_id)
}

/** Following somebody twice is following them once. */
export async function follow(data: Data, viewer: string, followee: string): Promise<void> {
  await data.of(viewer).write`
    insert into follows (follower_id, followee_id) values (${viewer}, ${followee})
    on conflict (follower_id, followee_id) do nothing`
}

export async function unfollow(data: Data, viewer: string, followee: string): Promise<void> {
  await data.of(viewer).write`
    delete from follows where follower_id = ${viewer} and followee_id = ${followee}`
}
