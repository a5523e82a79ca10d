import { BanyanError, describeValue, FaultList, sayFault } from '@banyan/model'
import type { Scenario } from './scenario.ts'

const scenarioKeys = ['name', 'setUp', 'actions', 'webSocket', 'verify', 'tidyUp']
const actionKeys = ['name', 'weight', 'kind', 'run']

/** Checks the whole of what a module exports, and names every fault at once. */
export function checkScenario(value: unknown, source: string): Scenario {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(source, `gives ${describeValue(value)} where a scenario is expected`)
  }
  const faults = new FaultList()
  const scenario = value as Record<string, unknown>
  faults.checkKeys('', scenario, scenarioKeys)
  checkName(faults, 'name', scenario.name)
  for (const key of ['setUp', 'verify', 'tidyUp']) {
    if (scenario[key] !== undefined) checkFunction(faults, key, scenario[key])
  }
  checkWebSocket(faults, scenario.webSocket)
  checkActions(faults, scenario.actions)
  if (faults.all.length > 0) {
    const lines = faults.all.map((fault) => `\n  ${sayFault(fault)}`).join('')
    const count = faults.all.length === 1 ? 'a fault' : `${faults.all.length} faults`
    throw invalid(source, `has ${count}:${lines}`, faults.all)
  }
  return value as Scenario
}

function checkWebSocket(faults: FaultList, path: unknown): void {
  if (path === undefined || (typeof path === 'string' && path.startsWith('/'))) return
  faults.add('webSocket', path, {
    expected: 'a path that begins with /',
    mend: "write webSocket: '/live', or leave it out",
  })
}

function checkActions(faults: FaultList, actions: unknown): void {
  if (!Array.isArray(actions) || actions.length === 0) {
    faults.add('actions', actions, {
      expected: 'a list with at least one action',
      mend: "write actions: [{ name: 'look', kind: 'read', weight: 1, run: (turn) => turn.request('GET', '/') }]",
      ...(Array.isArray(actions) && { found: 'an empty list' }),
    })
    return
  }
  for (const [index, action] of actions.entries()) checkAction(faults, `actions[${index}]`, action)
  const names = actions.map((action) => (action as { name?: unknown } | null)?.name)
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string' || names.indexOf(name) === index) continue
    faults.add(`actions[${index}].name`, name, {
      expected: 'a name that no other action has',
      mend: 'rename one of them; they are counted by name',
    })
  }
  checkSomeWeight(faults, actions)
}

function checkAction(faults: FaultList, path: string, action: unknown): void {
  if (typeof action !== 'object' || action === null || Array.isArray(action)) {
    const mend = 'write { name, kind, weight, run }'
    faults.add(path, action, { expected: 'an action', mend })
    return
  }
  const { name, weight, kind, run } = action as Record<string, unknown>
  faults.checkKeys(path, action, actionKeys)
  checkName(faults, `${path}.name`, name)
  checkFunction(faults, `${path}.run`, run)
  if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0) {
    faults.add(`${path}.weight`, weight, {
      expected: 'a number from 0 up',
      mend: 'say how often it is done against the others, such as 1',
    })
  }
  if (kind !== 'read' && kind !== 'write') {
    faults.add(`${path}.kind`, kind, {
      expected: "'read' or 'write'",
      mend: "write 'write' when it changes anything",
    })
  }
}

function checkSomeWeight(faults: FaultList, actions: readonly unknown[]): void {
  const weights = actions.map((action) => (action as { weight?: unknown } | null)?.weight)
  if (weights.some((weight) => weight !== 0)) return
  faults.add('actions', actions, {
    found: 'only weights of 0',
    expected: 'an action that is done',
    mend: 'give one of them a weight above 0',
  })
}

function checkName(faults: FaultList, path: string, name: unknown): void {
  if (typeof name === 'string' && name.trim() !== '') return
  faults.add(path, name, { expected: 'a text', mend: 'give it a name to be told apart by' })
}

function checkFunction(faults: FaultList, path: string, value: unknown): void {
  if (typeof value === 'function') return
  faults.add(path, value, { expected: 'a function', mend: 'write (turn, world) => …' })
}

const invalid = (source: string, what: string, faults: unknown = []): BanyanError =>
  new BanyanError(
    'BANYAN_SCENARIO_INVALID',
    `The scenario in ${source} ${what}.`.replace(/\.\.$/, '.'),
    {
      hint: 'Write: export default defineScenario({ name, actions: [{ name, kind, weight, run }] })',
      details: { source, faults },
    },
  )
