import { cpus } from 'node:os'

type Times = { readonly idle: number; readonly all: number }

/** Tells of all processors what part of their time was idle since it was asked last. */
export function idleSinceLast(read: () => Times = readTimes): () => number {
  let last = read()
  return () => {
    const now = read()
    const all = now.all - last.all
    const idle = all === 0 ? 0 : (now.idle - last.idle) / all
    last = now
    return idle
  }
}

function readTimes(): Times {
  const times = cpus().map((cpu) => cpu.times)
  const idle = times.reduce((sum, one) => sum + one.idle, 0)
  const all = times.reduce((sum, one) => sum + Object.values(one).reduce((a, b) => a + b, 0), 0)
  return { idle, all }
}
