import { data } from 'banyan'
import { mood } from './mood.ts'

type Note = { readonly text: string | null; readonly by: string | null }

/** `legacy` at first; then both are written and `legacy` is read, then `body` is read, then `legacy` goes. */
export async function readNote(user: string): Promise<string | null> {
  const scope = data.of(user)
  if (mood.notes === 'filled' || mood.notes === 'body') {
    const [note] = await scope.read<Note>`select body as text from notes where user_id = ${user}`
    return note?.text ?? null
  }
  const [note] = await scope.read<Note>`select legacy as text from notes where user_id = ${user}`
  return note?.text ?? null
}

export async function writeNote(user: string, text: string): Promise<void> {
  const scope = data.of(user)
  if (mood.notes === 'legacy') {
    await scope.write`
      insert into notes (user_id, legacy) values (${user}, ${text})
      on conflict (user_id) do update set legacy = excluded.legacy`
  } else if (mood.notes === 'both' || mood.notes === 'filled') {
    await scope.write`
      insert into notes (user_id, legacy, body) values (${user}, ${text}, ${text})
      on conflict (user_id) do update set legacy = excluded.legacy, body = excluded.body`
  } else {
    await scope.write`
      insert into notes (user_id, body) values (${user}, ${text})
      on conflict (user_id) do update set body = excluded.body`
  }
}

export async function readEntries(user: string): Promise<string[]> {
  type Entry = { readonly word: string }
  const rows = await data.of(user).read<Entry>`select word from entries where user_id = ${user}`
  return rows.map(({ word }) => word)
}

/** No constraint of the table hides an entry that was made twice. */
export async function addEntry(user: string, word: string): Promise<void> {
  await data.of(user).transaction(async (tx) => {
    await tx.sql`insert into entries (user_id, word) values (${user}, ${word})`
  })
}
