import type {
  Bank,
  BankOptions,
  FactOptions,
  ListOperation,
  Lists,
  ListsOptions,
  Plain,
  Register,
  SetOfFacts,
  Turn,
} from '../scenario.ts'
import { type Fact, type Journal, notDone, type Who } from './journal.ts'

/** A register as an action sees it. */
export function registerOf<V extends Plain>(
  journal: Journal,
  who: Who,
  key: string,
  options: FactOptions<V | null> = {},
): Register<V> {
  const fact = journal.fact('register', key)
  const { read } = options
  if (read) {
    fact.readAgain ??= (turn: Turn) => turn.register<V>(key).read(() => read(turn))
  }
  const put = (value: V | null, send: () => Promise<unknown>) =>
    journal.write(fact, who, { f: 'write', value }, send)
  return {
    write: put,
    remove: (send) => put(null, send),
    read: (ask) =>
      journal.read(fact, who, ask, (value) => {
        if (value === undefined) throw unusable(key, 'undefined', 'the value, or null')
        return { f: 'read', value }
      }),
  }
}

/** What a scenario read must be comparable; else it is the scenario that is wrong, not the system. */
const unusable = (key: string, found: string, expected: string): TypeError =>
  new TypeError(`The read of "${key}" gave ${found}; return ${expected}.`)

/** A set as an action sees it. */
export function setOf<E extends Plain>(
  journal: Journal,
  who: Who,
  key: string,
  options: FactOptions<readonly E[]> = {},
): SetOfFacts<E> {
  const fact = journal.fact('set', key)
  const { read } = options
  if (read) fact.readAgain ??= (turn: Turn) => turn.set<E>(key).read(() => read(turn))
  return {
    add: (value, send) => journal.write(fact, who, { f: 'add', value }, send),
    remove: (value, send) => journal.write(fact, who, { f: 'remove', value }, send),
    read: (ask, { among } = {}) =>
      journal.read(fact, who, ask, (value) => {
        if (!Array.isArray(value)) throw unusable(key, typeof value, 'a list of elements')
        return { f: 'read', value, ...(among && { among }) }
      }),
  }
}

/** A bank as an action sees it. */
export function bankOf(journal: Journal, who: Who, key: string, options: BankOptions): Bank {
  const fact = journal.fact('bank', key)
  const { accounts, balance, read } = options
  fact.opening ??= { accounts, balance }
  if (read) {
    fact.readAgain ??= (turn: Turn) => turn.bank(key, { accounts, balance }).read(() => read(turn))
  }
  return {
    transfer: (value, send) =>
      journal.write(fact, who, { f: 'transfer', value }, async () => {
        const result = await send()
        return result === false ? notDone : result
      }),
    read: (ask) =>
      journal.read(fact, who, ask, (value) => {
        if (typeof value !== 'object' || value === null) {
          throw unusable(key, String(value), 'the balances by account')
        }
        return { f: 'read', value }
      }),
  }
}

/** Lists as an action sees them. */
export function listsOf(journal: Journal, who: Who, key: string, options: ListsOptions): Lists {
  const fact = journal.fact('lists', key)
  const { isolation, read } = options
  fact.isolation ??= isolation
  if (read) {
    fact.readAgain ??= (turn: Turn) => readEveryList(fact, turn, options)
  }
  return {
    transaction: async (operations, send) => {
      await journal.transact(
        fact,
        who,
        { f: 'transaction', value: operations },
        send,
        (results) => ({ f: 'transaction', value: withResults(operations, results) }),
      )
    },
  }
}

function withResults(
  operations: readonly ListOperation[],
  results: readonly (readonly number[] | null)[],
) {
  return operations.map((operation, place) => {
    const elements = results[place]
    return 'read' in operation && elements ? { read: operation.read, elements } : operation
  })
}

/** Each list that anything was appended to, one after the other. */
async function readEveryList(fact: Fact, turn: Turn, options: ListsOptions): Promise<void> {
  const { read } = options
  if (!read) return
  const lists = turn.lists(fact.key, { isolation: options.isolation })
  for (const list of namesOf(fact)) {
    await lists.transaction([{ read: list }], async () => [await read(turn, list)])
  }
}

function namesOf(fact: Fact): Set<string> {
  const names = new Set<string>()
  for (const operation of fact.operations) {
    if (operation.f !== 'transaction') continue
    for (const step of operation.value) if ('append' in step) names.add(step.append[0])
  }
  return names
}
