import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { ReceivedAnswer } from '../http/answer.ts'
import { AnswerRefused, NoAnswer } from '../http/failures.ts'
import { bankOf, registerOf, setOf } from './facts.ts'
import { Journal } from './journal.ts'

let now = 0
let journal = new Journal(() => now)
const who = { index: 4, final: false, maybeDone: 0 }

beforeEach(() => {
  now = 0
  who.maybeDone = 0
  journal = new Journal(() => now++)
})

const outcomes = () =>
  [...journal.facts.values()].flatMap(({ operations }) => operations.map(({ outcome }) => outcome))

const answer = (status: number, text = '', method = 'POST') =>
  new ReceivedAnswer({ method, path: '/' }, { status, headers: {}, text }, status < 400)

for (const [what, status, text, outcome] of [
  ['200', 200, '', 'ok'],
  ['a redirect', 303, '', 'ok'],
  ['404', 404, '', 'fail'],
  ['409 that says it failed', 409, '{"outcome":"failed"}', 'fail'],
  ['a bare 500', 500, '', 'info'],
  ['a bare 503', 503, '{"code":"BANYAN_DATABASE_UNAVAILABLE"}', 'info'],
  ['503 that says that nothing was done', 503, '{"outcome":"failed"}', 'fail'],
  ['503 that does not know', 503, '{"outcome":"unknown"}', 'info'],
  ['a lost commit', 500, '{"code":"BANYAN_OUTCOME_UNKNOWN"}', 'info'],
  ['a lost commit that is answered with 4xx', 409, 'BANYAN_OUTCOME_UNKNOWN', 'info'],
] as const) {
  test(`a write that is answered with ${what} is ${outcome}`, async () => {
    await registerOf(journal, who, 'a').write('x', async () => answer(status, text))
    assert.deepEqual(outcomes(), [outcome])
  })
}

const deletion = (status: number, ok: boolean) =>
  new ReceivedAnswer({ method: 'DELETE', path: '/' }, { status, headers: {}, text: '' }, ok)

const foundGone = () =>
  [...journal.facts.values()].flatMap(({ operations }) =>
    operations.map((operation) => 'foundGone' in operation),
  )

test('a removal that hears that nothing is there counts as done, and says what it heard', async () => {
  await registerOf(journal, who, 'a').remove(async () => deletion(404, true))
  await setOf(journal, who, 'b').remove('x', async () => deletion(410, true).expect())
  assert.deepEqual(outcomes(), ['ok', 'ok'])
  assert.deepEqual(foundGone(), [true, true])
})

test('without "accept" it is open, and so is any other write that hears it', async () => {
  await registerOf(journal, who, 'a').remove(async () => deletion(404, false))
  await assert.rejects(
    setOf(journal, who, 'b').remove('x', async () => deletion(404, false).expect()),
    AnswerRefused,
  )
  await registerOf(journal, who, 'c').write('x', async () => deletion(404, true))
  assert.deepEqual(outcomes(), ['info', 'info', 'info'])
  assert.deepEqual(foundGone(), [false, false, false])
})

test('a PUT that finds a conflict may have made it with its first try', async () => {
  await registerOf(journal, who, 'a').write('x', async () => answer(409, '', 'PUT'))
  await registerOf(journal, who, 'a').write('y', async () => answer(400, '', 'PUT'))
  assert.deepEqual(outcomes(), ['info', 'fail'])
})

test('a write that was never sent is known not to be done', async () => {
  const send = async () => {
    throw new NoAnswer('PUT /', 'ECONNREFUSED', 'fail')
  }
  await assert.rejects(registerOf(journal, who, 'a').write('x', send), NoAnswer)
  assert.deepEqual(outcomes(), ['fail'])
})

test('a refusal after another request that was answered leaves the write open', async () => {
  const send = async () => {
    who.maybeDone++
    return answer(404)
  }
  await registerOf(journal, who, 'a').write('x', send)
  assert.deepEqual(outcomes(), ['info'])
})

test('a scenario that throws in the middle of a write leaves it open', async () => {
  const send = async () => {
    throw new TypeError('oops')
  }
  await assert.rejects(registerOf(journal, who, 'a').write('x', send), TypeError)
  assert.deepEqual(outcomes(), ['info'])
})

test('a transfer that returns false was not done, whatever it was answered', async () => {
  const bank = bankOf(journal, who, 'bank', { accounts: ['a', 'b'], balance: 5 })
  await bank.transfer({ from: 'a', to: 'b', amount: 9 }, async () => {
    who.maybeDone++
    return false
  })
  assert.deepEqual(outcomes(), ['fail'])
})

test('a write that never settles is open when the run is judged, and stays so', async () => {
  let settle: (value: unknown) => void = () => {}
  const write = registerOf(journal, who, 'a').write(
    'x',
    () =>
      new Promise((resolve) => {
        settle = resolve
      }),
  )
  journal.settle()
  settle(answer(200))
  await write
  assert.deepEqual(outcomes(), ['info'])
  assert.equal(journal.acknowledgedWrites, 0)
})

test('a read that throws has shown nothing, and one that gives undefined is a fault of the scenario', async () => {
  const register = registerOf<string>(journal, who, 'a')
  await assert.rejects(
    register.read(() => Promise.reject(new Error('away'))),
    /away/,
  )
  const nothing = async () => undefined as unknown as null
  await assert.rejects(register.read(nothing), /gave undefined; return the value, or null/)
  assert.deepEqual(outcomes(), [])
})

test('times are of the call and of its answer, and order is of the calls', async () => {
  const register = registerOf<string>(journal, who, 'a')
  const slow = register.write('x', async () => {
    await Promise.resolve()
    await Promise.resolve()
  })
  await Promise.all([slow, register.write('y', async () => {})])
  const [y, x] = [...journal.facts.values()][0]?.operations ?? []
  assert.deepEqual([y?.index, y?.invokedMs, x?.index, x?.invokedMs], [1, 1, 0, 0])
  assert.ok((x?.completedMs ?? 0) > (y?.completedMs ?? 9))
})
