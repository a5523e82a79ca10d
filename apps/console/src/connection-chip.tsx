import { formatClockSeconds } from './format/time.ts'
import type { Connection } from './live/connection.ts'
import { connection } from './live/live.ts'
import { Icon } from './ui/icon.tsx'

/** In the head of the page: whether what is shown is what is. */
export function ConnectionChip() {
  const current = connection.value
  if (current.state === 'live')
    return (
      <span class="chip connection">
        <span class="pulse" />
        Live
      </span>
    )
  const [name, words] = wordsOf(current)
  return (
    <span class={`chip connection ${name}`}>
      <Icon name="lost" size={14} />
      {words}
    </span>
  )
}

function wordsOf({ state }: Connection): readonly [string, string] {
  if (state === 'connecting') return ['', 'Connecting']
  if (state === 'catching up') return ['is-late', 'Catching up']
  return ['is-away', state === 'lost' ? 'Lost' : 'Signed out']
}

/** Above every view while the page does not know how things are, and since when. */
export function AwayNote() {
  const current = connection.value
  if (current.state === 'live' || current.state === 'connecting') return null
  return (
    <div class={`note away ${current.state === 'catching up' ? 'warn' : 'bad'}`} role="alert">
      <Icon name="lost" />
      <div>
        <p>
          <strong>{sentenceOf(current)}</strong>
        </p>
        <p>{hintOf(current)}</p>
      </div>
    </div>
  )
}

function sentenceOf(current: Exclude<Connection, { state: 'live' } | { state: 'connecting' }>) {
  const since = formatClockSeconds(current.since)
  if (current.state === 'catching up') return `Catching up with what happened since ${since}.`
  if (current.state === 'signed out') return 'This page is signed out.'
  return `The connection is lost since ${since}.`
}

function hintOf(current: Exclude<Connection, { state: 'live' } | { state: 'connecting' }>) {
  if (current.state === 'signed out')
    return 'Run "banyan console" in a terminal for a new address. What is shown is not what is now.'
  return `What is shown is how things stood at ${formatClockSeconds(current.since)}, not how they are now. The app does not need this page.`
}
