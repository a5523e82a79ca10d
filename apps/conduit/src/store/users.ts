import type { Data } from './data.ts'

/** A user as they see themselves. */
export type UserRow = {
  readonly id: string
  readonly username: string
  readonly email: string
  readonly bio: string | null
  readonly image: string | null
}

export type NewUser = {
  readonly id: string
  readonly username: string
  readonly email: string
  readonly passwordHash: string
}

/** What a user may change about themselves; what is undefined stays. */
export type UserChanges = {
  readonly username?: string | undefined
  readonly email?: string | undefined
  readonly passwordHash?: string | undefined
  readonly bio?: string | null | undefined
  readonly image?: string | null | undefined
}

export async function createUser(data: Data, user: NewUser): Promise<UserRow> {
  const [row] = await data.of(user.id).write<UserRow>`
    insert into users (id, username, email, password_hash)
    values (${user.id}, ${user.username}, ${user.email}, ${user.passwordHash})
    returning id, username, email, bio, image`
  return row as UserRow
}

export async function findUser(data: Data, id: string): Promise<UserRow | null> {
  const [row] = await data.of(id).read<UserRow>`
    select id, username, email, bio, image from users where id = ${id}`
  return row ?? null
}

/** The user with an email, and the hash of their password; null when nobody has it. */
export async function findLogin(
  data: Data,
  email: string,
): Promise<(UserRow & { password_hash: string }) | null> {
  const owner = await data.by('users.email', email)
  if (owner === null) return null
  const [row] = await owner.read<UserRow & { password_hash: string }>`
    select id, username, email, bio, image, password_hash from users where id = ${owner.key}`
  return row ?? null
}

/** Changes a user; null when there is no such user. Only bio and image can be set to null. */
export async function updateUser(
  data: Data,
  id: string,
  changes: UserChanges,
): Promise<UserRow | null> {
  const { username, email, passwordHash, bio, image } = changes
  const [row] = await data.of(id).write<UserRow>`
    update users set
      username = coalesce(${username ?? null}, username),
      email = coalesce(${email ?? null}, email),
      password_hash = coalesce(${passwordHash ?? null}, password_hash),
      bio = case when ${bio !== undefined}::boolean then ${bio ?? null} else bio end,
      image = case when ${image !== undefined}::boolean then ${image ?? null} else image end,
      updated_at = now()
    where id = ${id}
    returning id, username, email, bio, image`
  return row ?? null
}
