import { type Inspection, numberOf, type Row } from './inspect.ts'

/** What a HAProxy has counted, by service, server and class of the answer. */
export type HaproxyCounts = {
  /** Of the worker: another one counts from nothing. */
  readonly pid: number
  /** Connections of clients that are open. */
  readonly connections: number
  /** Of the entry itself, where `service` is empty, and of each service. */
  readonly entry: readonly { readonly service: string; readonly answers: Answers }[]
  readonly servers: readonly { readonly node: string; readonly answers: Answers }[]
}

/**
 * `2xx` to `5xx`, and rare others only where there are any. What was cut on its way is `aborted`, and counts with
 * its status as well: HAProxy does not say which of them it was.
 */
export type Answers = Readonly<Record<string, number>>

const usual = ['2xx', '3xx', '4xx', '5xx'] as const
const rare = ['1xx', 'other'] as const

/** Reads its statistics as it gives them at one moment. */
export function haproxyCounts({ pid, rows, slots, facts }: Inspection): HaproxyCounts {
  const front = rows.find((row) => row.get('pxname') === 'banyan:public')
  const services = rows.filter(isService)
  return {
    pid,
    connections: front === undefined ? 0 : numberOf(front, 'scur'),
    entry: [
      ...services.map((row) => ({ service: row.get('pxname') ?? '', answers: answersOf(row) })),
      ...(front === undefined ? [] : [{ service: '', answers: restOf(front, services) }]),
    ],
    servers: slots.flatMap(({ name, row }) => {
      const node = facts.get(name)
      return node === undefined || row.get('mode') === 'tcp'
        ? []
        : [{ node, answers: answersOf(row) }]
    }),
  }
}

const isService = (row: Row): boolean =>
  row.get('svname') === 'BACKEND' &&
  row.get('mode') !== 'tcp' &&
  !(row.get('pxname') ?? '').startsWith('banyan:')

function answersOf(row: Row): Answers {
  const counted = [...usual, ...rare].map((name) => [name, numberOf(row, `hrsp_${name}`)] as const)
  return said([...counted, ['aborted', numberOf(row, 'srv_abrt')]])
}

/** What the entry answered by itself: a path without a service, a request that is none. */
function restOf(front: Row, services: readonly Row[]): Answers {
  const rest = [...usual, ...rare].map((name) => {
    const passed = services.reduce((sum, row) => sum + numberOf(row, `hrsp_${name}`), 0)
    return [name, Math.max(0, numberOf(front, `hrsp_${name}`) - passed)] as const
  })
  return said(rest)
}

const said = (counted: readonly (readonly [string, number])[]): Answers =>
  Object.fromEntries(
    counted.filter(([name, count]) => count > 0 || !(rare as readonly string[]).includes(name)),
  )
