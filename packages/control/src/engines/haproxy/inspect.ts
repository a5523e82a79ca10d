import { type Entries, maps, readMapText } from './maps.ts'
import { command } from './runtime.ts'

/** One row of HAProxy's statistics, by the names of its columns. */
export type Row = ReadonlyMap<string, string>

/** A place for a server, with one in it or without. */
export type Slot = {
  readonly service: string
  readonly name: string
  readonly place: string
  readonly isOut: boolean
  readonly weight: number
  readonly row: Row
}

/** What HAProxy says of itself, all at once. */
export type Inspection = {
  /** Of the worker; another one after each reload, which counts from nothing. */
  readonly pid: number
  readonly rows: readonly Row[]
  readonly slots: readonly Slot[]
  readonly facts: Entries
  readonly routes: Entries
  readonly hosts: Entries
}

/** Asks HAProxy for everything; null when it gives no answer. */
export async function inspect(socket: string): Promise<Inspection | null> {
  const said = await command(socket, [
    'show info',
    'show stat',
    `show map ${maps.facts}`,
    `show map ${maps.routes}`,
    `show map ${maps.hosts}`,
  ])
  if (said === null) return null
  const [info = '', stat = '', facts = '', routes = '', hosts = ''] = said
  const pid = Number(/^Pid: (\d+)$/m.exec(info)?.[1])
  if (!Number.isInteger(pid)) return null
  const rows = readRows(stat)
  return {
    pid,
    rows,
    slots: rows.filter(isSlot).map(slotOf),
    facts: readMapText(facts),
    routes: readMapText(routes),
    // Its table is there only where some route names a host.
    hosts: readMapText(hosts),
  }
}

export function readRows(text: string): Row[] {
  const [head = '', ...lines] = text.replace(/^# /, '').split('\n')
  const names = head.split(',')
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const cells = cellsOf(line)
      return new Map(names.map((name, index) => [name, cells[index] ?? '']))
    })
}

/** The reasons of checks are in quotes, and may have commas. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '',
  )
}

const isSlot = (row: Row): boolean =>
  row.get('type') === '2' && !(row.get('pxname') ?? '').startsWith('banyan:')

function slotOf(row: Row): Slot {
  return {
    service: row.get('pxname') ?? '',
    name: row.get('svname') ?? '',
    place: row.get('addr') ?? '',
    isOut: (row.get('status') ?? '').startsWith('MAINT'),
    weight: Number(row.get('uweight') || row.get('weight')),
    row,
  }
}

export const numberOf = (row: Row, column: string): number => Number(row.get(column) || 0)
