import { useEffect, useRef, useState } from 'preact/hooks'
import { formatMoment } from '../../format/time.ts'
import { go, route } from '../../router.ts'
import { storeNow } from '../../store/clock.ts'
import { Empty, Skeleton, Trouble } from '../../store/trouble.tsx'
import { type Filters, noFilters, printFilters, readFilters, sayFilters } from './filters.ts'
import { LineList } from './line-list.tsx'
import { LogFields } from './log-fields.tsx'
import { type Lines, useLines } from './use-lines.ts'
import './logs.css'

const change = (filters: Filters): void => go('logs', printFilters(filters), { replace: true })

/** Log lines of all nodes: searched, filtered, followed. */
export function LogsView() {
  const filters = readFilters(route.value.params)
  const canTail = filters.time.kind !== 'between'
  const [wantsTail, setWantsTail] = useState(true)
  const isAtTop = useIsAtTop()
  const isTail = wantsTail && canTail
  const [open, setOpen] = useState<string | null>(null)
  useEffect(() => setOpen(null), [JSON.stringify(filters)])
  const isReading = !isAtTop || open !== null
  const lines = useLines(filters, isTail, isReading)
  useRelease(isReading, lines)
  return (
    <div class="logs">
      <LogFields filters={filters} onChange={change} onAgain={lines.again} />
      <Bar
        lines={lines}
        isTail={isTail}
        canTail={canTail}
        isReading={isReading}
        onNewest={() => {
          setOpen(null)
          scrollTo({ top: 0 })
        }}
        onTail={setWantsTail}
        filters={filters}
      />
      {lines.error === null ? null : (
        <Trouble error={lines.error} what="Logs" again={lines.again} />
      )}
      <Found lines={lines} filters={filters} open={open} onOpen={setOpen} />
    </div>
  )
}

/** Whoever scrolls down reads, and whoever unfolds a line: new ones wait then. */
const useIsAtTop = (): boolean => {
  const [isAtTop, setIsAtTop] = useState(true)
  useEffect(() => {
    const look = () => setIsAtTop(scrollY < 40)
    addEventListener('scroll', look, { passive: true })
    return () => removeEventListener('scroll', look)
  }, [])
  return isAtTop
}

const useRelease = (isReading: boolean, lines: Lines): void => {
  const { held, release } = lines
  // Once, when the reader comes back to the top.
  useEffect(() => {
    if (!isReading && held > 0) release()
  }, [isReading, held])
}

function Bar({
  lines,
  isTail,
  canTail,
  isReading,
  onNewest,
  onTail,
  filters,
}: {
  readonly lines: Lines
  readonly isTail: boolean
  readonly canTail: boolean
  readonly isReading: boolean
  readonly onNewest: () => void
  readonly onTail: (wanted: boolean) => void
  readonly filters: Filters
}) {
  return (
    <div class="tail-bar">
      <p class="muted" role="status">
        {lines.state === 'ready' && lines.error === null ? countWords(lines, filters) : ''}
      </p>
      {lines.held > 0 && isReading ? (
        <button type="button" class="button primary" onClick={onNewest}>
          {lines.held} new {lines.held === 1 ? 'line' : 'lines'}
        </button>
      ) : null}
      <label class="check">
        <input
          type="checkbox"
          checked={isTail}
          disabled={!canTail}
          onChange={(event) => onTail(event.currentTarget.checked)}
        />
        <span>Follow</span>
      </label>
      <p class="muted follow-state">{followWords(lines, isTail, canTail, isReading)}</p>
    </div>
  )
}

const countWords = ({ shown }: Lines, filters: Filters): string => {
  const count = shown.lines.length
  if (count === 0) return ''
  const what = sayFilters(filters, sayMoment)
  return `${count}${shown.next === null ? '' : '+'} ${count === 1 ? 'line' : 'lines'}: ${what}`
}

const sayMoment = (at: number): string => formatMoment(at, storeNow())

const followWords = (
  { following }: Lines,
  isTail: boolean,
  canTail: boolean,
  isReading: boolean,
): string => {
  if (!canTail) return 'The time that is looked at is over.'
  if (!isTail) return 'New lines are not shown.'
  if (following === 'broken') return 'Broken off; trying again.'
  if (following === 'opening') return 'Connecting …'
  return isReading ? 'New lines wait while you read.' : 'New lines come on top.'
}

function Found({
  lines,
  filters,
  open,
  onOpen,
}: {
  readonly lines: Lines
  readonly filters: Filters
  readonly open: string | null
  readonly onOpen: (line: string | null) => void
}) {
  const { shown, state } = lines
  if (shown.lines.length === 0) {
    if (lines.error !== null) return null
    return state === 'loading' ? (
      <Skeleton lines={12} label="Looking for lines" />
    ) : (
      <NothingFound filters={filters} />
    )
  }
  return (
    <>
      {shown.newerLeftOut ? (
        <p class="note">
          Newer lines were left out, to make room for these.
          <button type="button" class="button" onClick={lines.again}>
            Back to the newest
          </button>
        </p>
      ) : null}
      <div class={state === 'loading' ? 'card is-waiting' : 'card'}>
        <LineList lines={shown.lines} search={filters.text} open={open} onOpen={onOpen} />
      </div>
      <Older lines={lines} />
    </>
  )
}

function NothingFound({ filters }: { readonly filters: Filters }) {
  const isFiltered = Object.keys(printFilters(filters)).length > 0
  if (!isFiltered) return <Empty title="No line has been written yet." />
  return (
    <Empty title={`Nothing was found for ${sayFilters(filters, sayMoment)}.`}>
      <p>Words are looked for whole: end one with * for its beginning.</p>
      <button type="button" class="button" onClick={() => change(noFilters)}>
        Show all lines
      </button>
    </Empty>
  )
}

/** The page before is asked for when its place comes into view, and by whoever presses it. */
function Older({ lines }: { readonly lines: Lines }) {
  const place = useRef<HTMLDivElement>(null)
  const ask = useRef(lines.older)
  ask.current = lines.older
  useEffect(() => {
    if (place.current === null) return
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting === true && scrollY > 0) ask.current()
      },
      { rootMargin: '300px' },
    )
    observer.observe(place.current)
    return () => observer.disconnect()
    // A new observer says at once whether the place is in view, also where it never left it.
  }, [lines.shown.lines.length, lines.isMore])
  if (lines.shown.next === null) return <p class="muted ends-here">These are all of them.</p>
  return (
    <div class="ends-here" ref={place}>
      <button type="button" class="button" onClick={lines.older} disabled={lines.isMore}>
        {lines.isMore ? 'Asking …' : 'Older lines'}
      </button>
    </div>
  )
}
