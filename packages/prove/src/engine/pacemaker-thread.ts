/** The thread that knows when the next arrivals are due, and does nothing else. */
import { workerData } from 'node:worker_threads'
import { beatPlace, type PacemakerData, stopPlace } from './pacemaker.ts'

const { shared, startMs, spacingMs } = workerData as PacemakerData
const places = new Int32Array(shared)
/** Nobody ever wakes this one: it is slept on. */
const bed = new Int32Array(new SharedArrayBuffer(4))
const now = (): number => performance.timeOrigin + performance.now()

let beats = 0
while (Atomics.load(places, stopPlace) === 0) {
  const waitMs = startMs + beats * spacingMs - now()
  if (waitMs > 0) Atomics.wait(bed, 0, 0, Math.min(waitMs, 1000))
  if (waitMs > 1000) continue
  // After a pause of the machine, beats that were missed come as one.
  beats = Math.max(beats + 1, Math.floor((now() - startMs) / spacingMs) + 1)
  Atomics.add(places, beatPlace, 1)
  Atomics.notify(places, beatPlace)
}
