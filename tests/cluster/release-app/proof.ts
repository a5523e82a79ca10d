import { defineScenario, type Turn } from '@banyan/prove'

const readNote = async (turn: Turn, user: string) =>
  (await turn.request('GET', `/notes/${user}`)).expect().json<{ text: string | null }>().text

const readEntries = async (turn: Turn, user: string) =>
  (await turn.request('GET', `/entries/${user}`)).expect().json<string[]>()

const noteOf = (turn: Turn, user: string) =>
  turn.register<string>(`note of ${user}`, { read: (later) => readNote(later, user) })

const entriesOf = (turn: Turn, user: string) =>
  turn.set<string>(`entries of ${user}`, { read: (later) => readEntries(later, user) })

/** Many users, so that nobody's entries grow long in a run of minutes. */
const usersMax = 300

export default defineScenario({
  name: 'released',
  setUp: (turn) => ({ users: Array.from({ length: usersMax }, () => turn.unique('user')) }),
  actions: [
    {
      name: 'write a note',
      kind: 'write',
      weight: 2,
      run: (turn, { users }) => {
        const user = turn.pick(users)
        const text = turn.unique('text')
        return noteOf(turn, user).write(text, () =>
          turn.request('PUT', `/notes/${user}`, { json: { text } }),
        )
      },
    },
    {
      name: 'add an entry',
      kind: 'write',
      weight: 2,
      run: (turn, { users }) => {
        const user = turn.pick(users)
        const word = turn.unique('word')
        return entriesOf(turn, user).add(word, () =>
          turn.request('POST', `/entries/${user}`, { json: { word } }),
        )
      },
    },
    {
      name: 'read a note',
      kind: 'read',
      weight: 3,
      run: (turn, { users }) => {
        const user = turn.pick(users)
        return noteOf(turn, user).read(() => readNote(turn, user))
      },
    },
    {
      name: 'read the entries',
      kind: 'read',
      weight: 3,
      run: (turn, { users }) => {
        const user = turn.pick(users)
        return entriesOf(turn, user).read(() => readEntries(turn, user))
      },
    },
  ],
})
