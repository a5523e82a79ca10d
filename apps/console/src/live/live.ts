import { computed, effect, signal } from '@preact/signals'
import type { Connection } from './connection.ts'
import { LiveStore } from './live-store.ts'
import { followLive } from './stream.ts'

/** The one that the page is drawn from. A hidden tab has no frames; what comes meanwhile is shown on waking. */
export const live = new LiveStore((flush) => requestAnimationFrame(flush))

/** How the page stands with control. */
export const connection = signal<Connection>({ state: 'connecting' })

/** Whether what is shown is what is. */
export const isLive = computed(() => connection.value.state === 'live')

/** Follows control from now on. */
export function startLive(): void {
  followLive('/api/live', {
    onMessage: (message) => live.take(message),
    onConnection: (next) => {
      connection.value = next
    },
  })
  effect(() => {
    if (!isLive.value) live.forgetFlow()
  })
}

/** The time by this machine, once a second, for whatever counts; nobody reads it, nobody ticks. */
export const now = signal(Date.now())

setInterval(() => {
  if (!document.hidden) now.value = Date.now()
}, 1_000)
