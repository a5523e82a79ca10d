import { randomBytes } from 'node:crypto'
import {
  type ClimbReport,
  type ClimbRequest,
  ControlClient,
  type StatePaths,
} from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import { ClimbLines } from './climb-lines.ts'
import { ClimbScreen } from './climb-screen.ts'
import { followClimb, isGone, nextControl } from './follow-climb.ts'

export type Leading = {
  readonly paths: StatePaths
  readonly client: ControlClient
  readonly audience: ClimbLines | ClimbScreen
  /** Aborted by the first Ctrl-C: before the climb has begun it is not begun, afterwards it goes back. */
  readonly interrupted: AbortSignal
}

/** Does what a command asks of the system that runs, and ends with the exit code of its climb. */
export async function leadClimb(
  {
    json,
    paths,
    notRunning,
  }: {
    readonly json: boolean
    readonly paths: StatePaths
    readonly notRunning: () => BanyanError
  },
  lead: (leading: Leading) => Promise<ClimbReport>,
): Promise<number> {
  const client = await ControlClient.need(paths, notRunning)
  const audience = json ? new ClimbLines() : new ClimbScreen()
  const turning = new AbortController()
  const interrupt = () => {
    if (turning.signal.aborted) leave(audience)
    turning.abort()
  }
  process.on('SIGINT', interrupt)
  try {
    const report = await lead({ paths, client, audience, interrupted: turning.signal })
    audience.finish(report)
    return report.outcome === 'done' ? 0 : 1
  } finally {
    audience.end()
    process.off('SIGINT', interrupt)
  }
}

/** Begins a climb and stays with it until it has ended, whoever leads it. */
export async function beginAndFollow(
  { paths, client, audience, interrupted }: Leading,
  request: ClimbRequest,
): Promise<ClimbReport> {
  // Two commands of the same moment are two climbs, of which one is refused.
  const climb = `c-${Date.now().toString(36)}-${randomBytes(2).toString('hex')}`
  const asked = await begin({ paths, client, request, climb })
  interrupted.addEventListener('abort', () => audience.turning())
  return await followClimb({ paths, client: asked, climb, audience, turning: interrupted })
}

/** Asks again of the next control where one dies before it has answered: by its name a climb begins once. */
async function begin({
  paths,
  client,
  request,
  climb,
}: {
  readonly paths: StatePaths
  readonly client: ControlClient
  readonly request: ClimbRequest
  readonly climb: string
}): Promise<ControlClient> {
  const beganMs = performance.now()
  for (let asked = client; ; asked = await nextControl(paths, beganMs, climb)) {
    try {
      await asked.climb({ ...request, climb })
      return asked
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }
}

/** The second Ctrl-C: control does what it was asked for, with nobody looking on. */
function leave(audience: ClimbLines | ClimbScreen): never {
  audience.left(
    new BanyanError('BANYAN_INTERRUPTED', 'This command has left; the climb goes on without it.', {
      hint: 'Control takes it back in the background. Look at "banyan status".',
    }),
  )
  process.exit(1)
}
