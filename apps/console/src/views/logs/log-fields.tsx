import type { LogLevel } from '@banyan/store/api'
import { useEffect, useState } from 'preact/hooks'
import { live } from '../../live/live.ts'
import { Icon } from '../../ui/icon.tsx'
import { TimeFilter } from '../../ui/time-filter.tsx'
import { type Filters, levels } from './filters.ts'
import '../../ui/filters.css'

/** Somebody who types is not searched for letter by letter. */
const typingMs = 350

/** What lines are looked through by. */
export function LogFields({
  filters,
  onChange,
  onAgain,
}: {
  readonly filters: Filters
  readonly onChange: (filters: Filters) => void
  readonly onAgain: () => void
}) {
  const with_ = (some: Partial<Filters>) => onChange({ ...filters, ...some })
  return (
    <form
      class="filters"
      aria-label="Filters"
      onSubmit={(event) => {
        event.preventDefault()
        onAgain()
      }}
    >
      <SearchBox text={filters.text} onText={(text) => with_({ text })} />
      <label>
        <span>Node</span>
        <select
          class="field"
          value={filters.nodes.length > 1 ? 'several' : (filters.nodes[0] ?? '')}
          onChange={(event) => with_({ nodes: nodesOf(event.currentTarget.value, filters) })}
        >
          <option value="">all</option>
          {filters.nodes.length > 1 ? (
            <option value="several">{filters.nodes.join(', ')}</option>
          ) : null}
          {nodesWith(filters).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Level</span>
        <select
          class="field"
          value={filters.level ?? ''}
          onChange={(event) => with_({ level: levelOf(event.currentTarget.value) })}
        >
          <option value="">all</option>
          {levels.map((level) => (
            <option key={level} value={level}>
              {level === 'fatal' ? 'fatal' : `${level} and above`}
            </option>
          ))}
        </select>
      </label>
      <TimeFilter time={filters.time} onChange={(time) => with_({ time })} />
      {filters.trace === null ? null : (
        <div class="trace-chip">
          <span class="chip">
            trace <span class="mono">{filters.trace.slice(0, 12)}…</span>
          </span>
          <button
            type="button"
            class="button plain icon"
            aria-label="Lines of all traces"
            onClick={() => with_({ trace: null })}
          >
            <Icon name="close" size={12} />
          </button>
        </div>
      )}
    </form>
  )
}

const levelOf = (text: string): LogLevel | null => levels.find((level) => level === text) ?? null

const nodesOf = (value: string, filters: Filters): readonly string[] =>
  value === 'several' ? filters.nodes : value === '' ? [] : [value]

const nodesWith = ({ nodes }: Filters): readonly string[] => {
  const there = live.placed.value.map(({ name }) => name)
  return [...there, ...nodes.filter((name) => !there.includes(name))]
}

/** What is typed is searched for after a pause, and at once with Enter. */
function SearchBox({
  text,
  onText,
}: {
  readonly text: string
  readonly onText: (text: string) => void
}) {
  const [typed, setTyped] = useState(text)
  useEffect(() => setTyped(text), [text])
  // Only typing begins the wait.
  useEffect(() => {
    if (typed.trim() === text.trim()) return
    const wait = setTimeout(() => onText(typed), typingMs)
    return () => clearTimeout(wait)
  }, [typed])
  return (
    <div class="grows search-box">
      <label>
        <span>Search</span>
        <input
          class="field"
          type="search"
          value={typed}
          placeholder="timeout -healthy &quot;connection reset&quot; user*"
          aria-describedby="search-help"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') onText(typed)
          }}
        />
      </label>
      <p class="muted" id="search-help">
        All <b>words</b> have to be there · <b>"a phrase"</b> · <b>-not</b> · <b>begin*</b>
      </p>
    </div>
  )
}
