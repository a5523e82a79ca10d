import type { Turn } from '@banyan/prove'
import { accountOf } from './facts.ts'
import type { Person, World } from './world.ts'

/** So many are looked up again during the run. */
const newcomersMax = 50

/** Somebody new registers. */
export async function register(turn: Turn, { newcomers }: World): Promise<void> {
  const { username } = await makePerson(turn)
  newcomers.push(username)
  if (newcomers.length > newcomersMax) newcomers.shift()
}

export async function makePerson(turn: Turn): Promise<Person> {
  const username = turn.unique('p')
  const user = { username, email: `${username}@example.com`, password: turn.unique('password') }
  let token = ''
  await accountOf(turn, username).write(username, async () => {
    const answer = (await turn.request('POST', '/api/users', { json: { user } })).expect()
    token = answer.json<{ user: { token: string } }>().user.token
    return answer
  })
  return { username, headers: { authorization: `Token ${token}` }, tag: `tag-${username}` }
}
