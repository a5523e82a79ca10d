import { connect, type Socket } from 'node:net'
import { type AnswerCounts, type CountingAnswers, countAnswer, emptyCounts } from '@banyan/model'
import { maps, trialKey } from './maps.ts'
import type { HaproxyPlaces } from './places.ts'
import { command } from './runtime.ts'

/** What each node behind a HAProxy answers, counted from when it was asked to be. */
export type AnswerWatch = {
  /** By the names of nodes; one that answered nothing yet is not in it. */
  counts(): ReadonlyMap<string, AnswerCounts>
  /** HAProxy says nothing of single requests any more. */
  close(): Promise<void>
}

const againMs = 200

/**
 * Has HAProxy say of each request who answered it, and counts. It keeps what it says in memory, from
 * where it is read over the runtime API, so that nobody has to listen anywhere; while nobody watches, it
 * says nothing.
 */
export async function watchAnswers({ runtime }: HaproxyPlaces): Promise<AnswerWatch> {
  const counts = new Map<string, CountingAnswers>()
  let isOpen = true
  let socket: Socket | null = null
  let timer: NodeJS.Timeout | undefined

  /** After a reload another worker says it, which has to be asked again. */
  function follow(): void {
    let rest = ''
    socket = connect(runtime)
    socket.setEncoding('latin1')
    socket.on('data', (piece: string) => {
      const lines = (rest + piece).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) note(counts, line)
    })
    socket.on('error', () => {})
    socket.once('close', () => {
      if (isOpen) timer = setTimeout(() => void begin(), againMs)
    })
    socket.write('show events trial -w -n\n')
  }

  async function begin(): Promise<void> {
    if (!isOpen) return
    follow()
    await command(runtime, [`set map ${maps.facts} ${trialKey} on`])
  }

  await begin()
  return {
    counts: () => counts,
    close: async () => {
      isOpen = false
      clearTimeout(timer)
      socket?.destroy()
      await command(runtime, [`set map ${maps.facts} ${trialKey} off`])
    },
  }
}

/** `<node> <status> <milliseconds> <how it ended>`; what its client called off says nothing of a node. */
function note(counts: Map<string, CountingAnswers>, line: string): void {
  const [, node = '', status, ms, end = '-'] =
    /(\S+) (-?\d+) \+?(-?\d+) (\S)\S*$/.exec(line.trim()) ?? []
  if (node === '' || node === '-' || end === 'C' || end === 'c') return
  const known = counts.get(node) ?? emptyCounts()
  counts.set(node, known)
  const hasFailed = Number(status) < 0 || Number(status) >= 500 || end !== '-'
  countAnswer(known, Math.max(0, Number(ms)), hasFailed)
}
