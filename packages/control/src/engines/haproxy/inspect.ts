import { type Entries, maps, readMapText } from './maps.ts'
import { command } from './runtime.ts'
import { tunnelTable } from './tunnel-table.ts'

/** One row of HAProxy's statistics, by the names of its columns. */
export type Row = ReadonlyMap<string, string>

/** A place for a server, with one in it or without. */
export type Slot = {
  readonly service: string
  readonly name: string
  readonly place: string
  readonly isOut: boolean
  readonly weight: number
  /** How many of its sessions are WebSockets. */
  readonly webSockets: number
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
    `show table ${tunnelTable}`,
  ])
  if (said === null) return null
  const [info = '', stat = '', facts = '', routes = '', hosts = '', table = ''] = said
  const pid = Number(/^Pid: (\d+)$/m.exec(info)?.[1])
  if (!Number.isInteger(pid)) return null
  const rows = readRows(stat)
  const tunnels = readTunnels(table)
  return {
    pid,
    rows,
    slots: rows.filter(isSlot).map((row) => slotOf(row, tunnels)),
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

function slotOf(row: Row, tunnels: ReadonlyMap<string, number>): Slot {
  return {
    service: row.get('pxname') ?? '',
    name: row.get('svname') ?? '',
    place: row.get('addr') ?? '',
    isOut: (row.get('status') ?? '').startsWith('MAINT'),
    weight: Number(row.get('uweight') || row.get('weight')),
    webSockets: tunnels.get(row.get('svname') ?? '') ?? 0,
    row,
  }
}

/** What a line says of a slot: `0x5581…: key=web:1 use=2 exp=0 shard=0 conn_cur=2`. */
function readTunnels(text: string): Map<string, number> {
  const found = text.matchAll(/^0x\S+: key=(\S+) .*\bconn_cur=(\d+)/gm)
  return new Map([...found].map(([, slot = '', count]) => [slot, Number(count)]))
}

/** What is under way but for WebSockets, which are no requests that wait for an answer. */
export const inFlightOf = ({ row, webSockets }: Slot): number =>
  Math.max(0, numberOf(row, 'scur') - webSockets)

export const numberOf = (row: Row, column: string): number => Number(row.get(column) || 0)
