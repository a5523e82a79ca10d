import { fromField, toField } from '../format/time.ts'
import { storeNow } from '../store/clock.ts'
import { type RangeName, rangeNamed, ranges } from '../views/charts/range.ts'

export type TimeChoice =
  | { readonly kind: 'all' }
  | { readonly kind: 'last'; readonly name: RangeName }
  | { readonly kind: 'between'; readonly from: number; readonly to: number }

/** Which time is looked through: all that is kept, the last of it, or from here to there. */
export function TimeFilter({
  time,
  onChange,
}: {
  readonly time: TimeChoice
  readonly onChange: (time: TimeChoice) => void
}) {
  return (
    <>
      <label>
        <span>Time</span>
        <select
          class="field"
          value={time.kind === 'last' ? time.name : time.kind}
          onChange={(event) => onChange(chosen(event.currentTarget.value, time))}
        >
          <option value="all">all that is kept</option>
          {ranges.map(({ name, label }) => (
            <option key={name} value={name}>
              last {label}
            </option>
          ))}
          <option value="between">from … to …</option>
        </select>
      </label>
      {time.kind === 'between' ? <Ends time={time} onChange={onChange} /> : null}
    </>
  )
}

const chosen = (value: string, before: TimeChoice): TimeChoice => {
  const name = rangeNamed(value)
  if (name !== undefined) return { kind: 'last', name }
  if (value === 'all') return { kind: 'all' }
  const now = storeNow()
  const length =
    before.kind === 'last' ? ranges.find((range) => range.name === before.name)?.ms : null
  return { kind: 'between', from: now - (length ?? 300_000), to: now }
}

function Ends({
  time,
  onChange,
}: {
  readonly time: { readonly kind: 'between'; readonly from: number; readonly to: number }
  readonly onChange: (time: TimeChoice) => void
}) {
  const field = (label: string, at: number, set: (at: number) => TimeChoice) => (
    <label>
      <span>{label}</span>
      <input
        class="field"
        type="datetime-local"
        step="1"
        value={toField(at)}
        onChange={(event) => {
          const next = fromField(event.currentTarget.value)
          if (next !== undefined) onChange(set(next))
        }}
      />
    </label>
  )
  return (
    <>
      {field('From', time.from, (from) => ({ ...time, from }))}
      {field('To', time.to, (to) => ({ ...time, to }))}
    </>
  )
}
