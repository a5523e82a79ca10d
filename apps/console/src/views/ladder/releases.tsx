import type { ReleaseList } from '@banyan/control/api'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { get, post } from '../../api/ask.ts'
import { formatClockSeconds } from '../../format/time.ts'
import { climbing } from '../../live/climbing.ts'
import { isLive, live } from '../../live/live.ts'
import { Confirm } from '../../ui/confirm.tsx'
import { Icon } from '../../ui/icon.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { useRequest } from '../../ui/use-request.ts'

type Wish = 'release' | 'undo'

/** The versions of the app's code, with the way to a new one and back to the one before. */
export function Releases() {
  const list = useRequest<ReleaseList>()
  const request = useRequest<unknown>()
  const wish = useSignal<Wish | null>(null)
  const [release, climb, alive] = [live.status.value?.release, climbing.value?.id, isLive.value]
  const { run } = list
  useEffect(() => {
    if (alive) void run(() => get('/api/releases'))
  }, [release, climb, alive])
  const { answer } = list
  const undo = answer.value?.undo ?? null
  const isFree = alive && climb === undefined
  const begin = () =>
    void request
      .run(() =>
        wish.value === 'release'
          ? post('/api/release')
          : post('/api/climb', { direction: 'undo', rungs: [] }),
      )
      .then((isBegun) => {
        if (isBegun) wish.value = null
      })
  return (
    <section class="card releases" aria-labelledby="releases-title">
      <h2 id="releases-title">Releases</h2>
      <ErrorNote error={list.error.value} />
      <ul>
        {(answer.value?.releases ?? []).slice(0, 6).map(({ name, state, at, reason }) => (
          <li key={name}>
            <strong>{name}</strong>
            <span class={`badge state-${stateOf(state)}`}>
              <Icon
                name={
                  state === 'live'
                    ? 'healthy'
                    : state === 'pending'
                      ? 'starting'
                      : state === 'failed'
                        ? 'failed'
                        : state === 'undone'
                          ? 'undo'
                          : 'stopped'
                }
                size={13}
              />
              {state}
            </span>
            <span class="muted">{formatClockSeconds(at)}</span>
            {reason === null ? null : <p class="muted">{reason}</p>}
          </li>
        ))}
      </ul>
      {wish.value === null ? (
        <div class="row wrap">
          <button type="button" class="button" disabled={!isFree} onClick={() => ask('release')}>
            <Icon name="release" size={14} />
            Release…
          </button>
          <button
            type="button"
            class="button"
            disabled={!isFree || undo === null}
            onClick={() => ask('undo')}
          >
            <Icon name="undo" size={14} />
            {undo === null ? 'Undo…' : `Undo to ${undo}…`}
          </button>
        </div>
      ) : (
        <Confirm
          says={saysOf(wish.value, undo)}
          label={wish.value === 'release' ? 'Release' : `Go back to ${undo}`}
          isBusy={request.isBusy.value}
          error={request.error.value}
          onCancel={() => {
            wish.value = null
          }}
          onRun={begin}
        />
      )}
    </section>
  )

  function ask(wanted: Wish): void {
    request.clear()
    wish.value = wanted
  }
}

const saysOf = (wish: Wish, undo: string | null): string =>
  wish === 'release'
    ? "The app's code as it is now is brought live: processes are started with it beside those that run, get a part of the requests, and take the place of the others if they do well. Else it goes back by itself."
    : `The code of ${undo} is brought live again, as a release is. Data stays as it is.`

const stateOf = (state: ReleaseList['releases'][number]['state']): string =>
  ({
    live: 'healthy',
    pending: 'starting',
    replaced: 'stopped',
    undone: 'draining',
    failed: 'failed',
  })[state]
