/** The thread of the watchdog: counts seconds without a beat. A process that is stopped does not count. */
import { writeSync } from 'node:fs'
import { Session } from 'node:inspector'
import { workerData } from 'node:worker_threads'
import { placeOf } from '../engine/thrown.ts'
import type { Said } from './job.ts'
import { beatPlace, type WatchdogData, whatPlace } from './watchdog.ts'

const { shared, whats, secondsMax } = workerData as WatchdogData
const places = new Int32Array(shared)
let seen = -1
let silentSeconds = 0

setInterval(() => {
  const beats = Atomics.load(places, beatPlace)
  silentSeconds = beats === seen ? silentSeconds + 1 : 0
  seen = beats
  if (silentSeconds === secondsMax) report()
}, 1000)

type Parsed = { readonly params: { readonly scriptId: string; readonly url: string } }

type Paused = {
  readonly params: {
    readonly callFrames: readonly {
      readonly location: { readonly scriptId: string; readonly lineNumber: number }
    }[]
  }
}

/** Asks the debugger where the other thread is; it answers even from inside a loop. */
function report(): void {
  const session = new Session()
  session.connectToMainThread()
  const urls = new Map<string, string>()
  session.on('Debugger.scriptParsed', ({ params }: Parsed) => {
    urls.set(params.scriptId, params.url)
  })
  session.on('Debugger.paused', ({ params }: Paused) => {
    const frames = params.callFrames.map(({ location: { scriptId, lineNumber } }) => {
      return `    at (${urls.get(scriptId) ?? ''}:${lineNumber + 1}:1)`
    })
    end(placeOf(frames.join('\n')))
  })
  session.post('Debugger.enable')
  session.post('Debugger.pause')
  setTimeout(() => end(null), 2_000)
}

function end(place: string | null): void {
  const what = whats[Atomics.load(places, whatPlace)] ?? 'the scenario'
  const said: Said = { kind: 'stuck', what, place, seconds: secondsMax }
  writeSync(3, `${JSON.stringify(said)}\n`)
  process.kill(process.pid, 'SIGKILL')
}
