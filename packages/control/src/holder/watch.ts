import type { ProcessIdentity } from '../sites/identity.ts'
import { untilEnded } from '../sites/identity.ts'

/** Either end of a channel between two processes: a child process, or `process` itself. */
export type Channel = {
  readonly connected: boolean
  on(event: 'message', listener: (word: unknown) => void): unknown
  once(event: 'disconnect', listener: () => void): unknown
}

/**
 * Returns when the process at the other end has ended, whose death closes the channel. The kernel
 * closes it a moment before the process is gone, and with it what it had locked.
 */
export async function untilGone(channel: Channel, identity: ProcessIdentity): Promise<void> {
  await untilClosed(channel)
  await untilEnded(identity, Number.POSITIVE_INFINITY)
}

export async function untilClosed(channel: Channel): Promise<void> {
  await new Promise<void>((resolve) => {
    channel.once('disconnect', resolve)
    // It may have been closed before anybody listened.
    if (!channel.connected) resolve()
  })
}

/** Says a word, and returns when it was handed over; false where nobody is there to hear it. */
export async function say(
  channel: {
    readonly connected: boolean
    send?(word: unknown, done: (error: Error | null) => void): boolean
  },
  word: object,
): Promise<boolean> {
  if (!channel.connected) return false
  return await new Promise((resolve) => {
    channel.send?.(word, (error) => resolve(error === null)) ?? resolve(false)
  })
}
