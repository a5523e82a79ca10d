import { live } from '../live/live.ts'

/** Clocks of one machine differ by less; of two, a page that is looked at from afar, by anything. */
const sameClockMs = 5_000

let known = { at: 0, heard: 0 }

live.flow.subscribe((flow) => {
  if (flow !== null) known = { at: flow.at, heard: performance.now() }
})

/**
 * The time by the clock that stamps samples, lines and spans: that of the machine that the system runs on. It is the
 * browser's own unless what was heard of the newest second says otherwise.
 */
export const storeNow = (): number => {
  const here = Date.now()
  const there = known.at + performance.now() - known.heard
  return known.at > 0 && Math.abs(there - here) > sameClockMs ? there : here
}
