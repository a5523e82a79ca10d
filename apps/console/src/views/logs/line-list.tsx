import type { LogLine } from '@banyan/store/api'
import { formatOffset } from '../../format/duration.ts'
import { formatClock, formatDay, formatMoment } from '../../format/time.ts'
import { hrefOf } from '../../route.ts'
import { storeNow } from '../../store/clock.ts'
import { FieldList } from '../../ui/field-list.tsx'
import { piecesOf } from './search-text.ts'
import './lines.css'

/**
 * Log lines in the order in which they are given. Each unfolds to everything that it says; `since` has times counted
 * from a moment, and `search` marks why a line was found.
 */
export function LineList({
  lines,
  since,
  search = '',
  open,
  onOpen,
}: {
  readonly lines: readonly LogLine[]
  /** The line that is unfolded. */
  readonly open: string | null
  readonly onOpen: (line: string | null) => void
  readonly since?: number
  readonly search?: string
}) {
  return (
    <ol class="lines">
      {lines.map((line) => (
        <Line
          key={line.id}
          line={line}
          since={since}
          search={search}
          isOpen={line.id === open}
          onToggle={() => onOpen(line.id === open ? null : line.id)}
        />
      ))}
    </ol>
  )
}

function Line({
  line,
  since,
  search,
  isOpen,
  onToggle,
}: {
  readonly line: LogLine
  readonly since: number | undefined
  readonly search: string
  readonly isOpen: boolean
  readonly onToggle: () => void
}) {
  return (
    <li class={`line at-${line.level}`}>
      <button type="button" class="head" aria-expanded={isOpen} onClick={onToggle}>
        <span class="time">
          {since === undefined ? formatMoment(line.at, storeNow()) : formatOffset(line.at - since)}
        </span>
        <span class="level">{line.level}</span>
        <span class="from-node">{line.node}</span>
        <span class="message">
          <Marked text={line.message} search={search} /> <Brief fields={line.fields} />
        </span>
      </button>
      {isOpen ? <Unfolded line={line} /> : null}
    </li>
  )
}

function Marked({ text, search }: { readonly text: string; readonly search: string }) {
  if (search === '') return text
  return piecesOf(text, search).map((piece, at) =>
    piece.hit ? <mark key={at}>{piece.text}</mark> : piece.text,
  )
}

const mostBrief = 8

/** What is the same in every line of a process, or says nothing to whoever skims: it is there when a line unfolds. */
const leftOut = new Set(['pid', 'service', 'reqId', 'span_id', 'trace_flags', 'hostname', 'type'])

const isShort = (value: unknown): boolean =>
  typeof value !== 'object' && value !== '' && String(value).length <= 100

/** The short fields of a line, behind its message. */
function Brief({ fields }: { readonly fields: LogLine['fields'] }) {
  const short = Object.entries(fields)
    .filter(([name, value]) => !leftOut.has(name) && isShort(value))
    .slice(0, mostBrief)
  if (short.length === 0) return null
  return (
    <span class="brief">
      {short.map(([name, value]) => (
        // The space is where a narrow page breaks the line, and what parts the fields in copied text.
        <span key={name}>
          {name}={String(value)}{' '}
        </span>
      ))}
    </span>
  )
}

function Unfolded({ line }: { readonly line: LogLine }) {
  const around = { from: line.at - 5_000, to: line.at + 5_000 }
  return (
    <div class="unfolded">
      <p class="links">
        {line.trace === null ? null : (
          <a href={hrefOf('traces', { trace: line.trace })}>Its trace</a>
        )}
        {line.trace === null ? null : (
          <a href={hrefOf('logs', { trace: line.trace })}>All lines of its trace</a>
        )}
        <a href={hrefOf('logs', { node: line.node, ...around })}>{line.node}, 5 s around it</a>
        <a href={hrefOf('logs', around)}>All nodes, 5 s around it</a>
      </p>
      <FieldList
        fields={{
          time: `${formatDay(line.at)} ${formatClock(line.at)}`,
          message: line.message,
          ...(line.trace === null ? {} : { trace: line.trace }),
          ...line.fields,
        }}
      />
    </div>
  )
}
