import { signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { now } from '../../live/live.ts'
import { storeNow } from '../../store/clock.ts'
import { Feed } from './feed.ts'
import type { Ask, Panel } from './panels.ts'
import { defaultRange, type Range } from './range.ts'
import { type Window, windowOf } from './window.ts'

/** What stretch all charts show, and how many points fit: one for all, so that they share their moments. */
export const range = signal<Range>(defaultRange)
export const pixels = signal(400)

type Shared = { readonly feed: Feed; users: number }

/** One feed for each question, whoever asks it. */
const feeds = new Map<string, Shared>()

const keyOfAsk = (ask: Ask): string => JSON.stringify(ask)

const take = (ask: Ask): Feed => {
  const shared = feeds.get(keyOfAsk(ask)) ?? { feed: new Feed(ask), users: 0 }
  shared.users += 1
  feeds.set(keyOfAsk(ask), shared)
  return shared.feed
}

const give = (ask: Ask): void => {
  const shared = feeds.get(keyOfAsk(ask))
  if (shared === undefined) return
  shared.users -= 1
  if (shared.users > 0) return
  shared.feed.stop()
  feeds.delete(keyOfAsk(ask))
}

/** The window of this moment. */
export const windowNow = (): Window => windowOf(range.value, storeNow(), pixels.value)

/** The feeds of a panel, kept up with time as long as it is looked at. */
export const useFeeds = (panel: Panel, isSeen: boolean): readonly Feed[] => {
  const feeds = useMemo(() => panel.asks.map(take), [panel])
  useEffect(() => () => panel.asks.forEach(give), [panel])
  // Reading the time here is what has it drawn anew each second.
  const second = now.value
  const window = windowNow()
  // With each second, and with each other window.
  useEffect(() => {
    if (isSeen) for (const feed of feeds) void feed.refresh(window)
  }, [feeds, isSeen, second, window.from, window.to, window.stepMs])
  return feeds
}
