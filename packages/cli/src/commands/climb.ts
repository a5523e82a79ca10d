import { randomBytes } from 'node:crypto'
import {
  type ClimbReport,
  type ClimbRequest,
  ControlClient,
  type StatePaths,
  statePaths,
} from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import { ClimbLines } from '../climb/climb-lines.ts'
import { ClimbScreen } from '../climb/climb-screen.ts'
import { followClimb, isGone, nextControl } from '../climb/follow-climb.ts'
import type { Common } from '../program.ts'

/** Grows or shrinks the system that runs, and stays until that has ended. */
export async function climb({ json, directory }: Common, request: ClimbRequest): Promise<number> {
  const paths = statePaths(directory)
  const client = await ControlClient.find(paths)
  if (client === null) throw notRunning(directory, request)
  const audience = json ? new ClimbLines() : new ClimbScreen()
  const turning = new AbortController()
  const interrupt = () => {
    if (turning.signal.aborted) leave(audience)
    turning.abort()
    audience.turning()
  }
  process.on('SIGINT', interrupt)
  try {
    const report = await lead({ paths, client, request, audience, turning: turning.signal })
    audience.finish(report)
    return report.outcome === 'done' ? 0 : 1
  } finally {
    audience.end()
    process.off('SIGINT', interrupt)
  }
}

async function lead(options: {
  readonly paths: StatePaths
  readonly client: ControlClient
  readonly request: ClimbRequest
  readonly audience: ClimbLines | ClimbScreen
  readonly turning: AbortSignal
}): Promise<ClimbReport> {
  // Two commands of the same moment are two climbs, of which one is refused.
  const climb = `c-${Date.now().toString(36)}-${randomBytes(2).toString('hex')}`
  const client = await begin({ ...options, climb })
  return await followClimb({ ...options, client, climb })
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

function notRunning(directory: string, { direction, rungs }: ClimbRequest): BanyanError {
  const names = rungs.length > 0 ? rungs.join(',') : 'single,balanced'
  return new BanyanError('BANYAN_NOT_RUNNING', `No control runs in ${directory}.`, {
    hint:
      direction === 'grow'
        ? `Start the system with "banyan up", or on these rungs at once: "banyan up --rungs ${names}".`
        : 'Start the system with "banyan up".',
  })
}
