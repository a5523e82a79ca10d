import type { TableSize } from '@banyan/control/api'
import { get } from '../../api/ask.ts'
import { formatBytes } from '../../format/bytes.ts'
import { formatNumber } from '../../format/number.ts'
import { Empty, Skeleton, Trouble } from '../../store/trouble.tsx'
import { useKept } from '../../store/use-kept.ts'
import { barsOf } from '../charts/bars.ts'
import { sqlTyped } from './typed.ts'
import '../../ui/table.css'

/** Sizes change slowly, and asking for them costs the database something. */
const everyMs = 15_000

/** The tables of the app, largest first. A name puts its first rows into the SQL box. */
export function Tables() {
  const [answer, again] = useKept('tables', everyMs, (signal) =>
    get<readonly TableSize[]>('/api/data/tables', signal),
  )
  const tables =
    answer.state === 'ready' ? answer.value : answer.state === 'loading' ? answer.before : null
  return (
    <section aria-labelledby="tables-title">
      <h2 id="tables-title">Tables</h2>
      {answer.state === 'failed' ? (
        <Trouble error={answer.error} what="Tables" again={again} />
      ) : tables === null ? (
        <Skeleton label="Asking for the tables" />
      ) : tables.length === 0 ? (
        <Empty title="There is no table yet.">
          <p>Migrations make them: plain SQL files in the folder that the config names.</p>
        </Empty>
      ) : (
        <TableOfTables tables={tables} />
      )}
    </section>
  )
}

function TableOfTables({ tables }: { readonly tables: readonly TableSize[] }) {
  const sorted = tables.toSorted((a, b) => b.bytes - a.bytes || a.name.localeCompare(b.name))
  const bars = barsOf(
    sorted.map(({ bytes }) => bytes),
    { width: 100, height: 100 },
  )
  const total = sorted.reduce((sum, { bytes }) => sum + bytes, 0)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
    <section class="card scrolls" aria-label="Sizes of the tables" tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Table</th>
            <th scope="col">Shard key</th>
            <th scope="col" class="number">
              Rows, about
            </th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col" class="share">
              <span class="sr-only">Size beside the largest</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((table, at) => (
            <Row key={`${table.schema}.${table.name}`} table={table} part={bars[at]?.height ?? 0} />
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={3}>
              {sorted.length} {sorted.length === 1 ? 'table' : 'tables'}
            </th>
            <td class="number">{formatBytes(total)}</td>
            <td class="share" />
          </tr>
        </tfoot>
      </table>
    </section>
  )
}

const quoted = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`

const nameOf = ({ schema, name }: TableSize): string =>
  schema === 'public' ? quoted(name) : `${quoted(schema)}.${quoted(name)}`

function Row({ table, part }: { readonly table: TableSize; readonly part: number }) {
  const name = nameOf(table)
  return (
    <tr>
      <th scope="row">
        <button
          type="button"
          class="link mono"
          title="Put its first rows into the SQL box"
          onClick={() => {
            sqlTyped.value = `select * from ${name} limit 50`
            document.getElementById('sql')?.focus()
          }}
        >
          {name}
        </button>
      </th>
      <td>{table.by === null ? <span class="muted">none</span> : <code>{table.by}</code>}</td>
      <td class="number">{table.rows < 0 ? 'not counted' : formatNumber(table.rows)}</td>
      <td class="number">{formatBytes(table.bytes)}</td>
      <td class="share" aria-hidden="true">
        <span style={{ width: `${part}%` }} />
      </td>
    </tr>
  )
}
