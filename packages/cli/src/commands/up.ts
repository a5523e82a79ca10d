import { type PreparedUp, prepareUp, startControl } from '@banyan/control/api'
import { type BalancerName, BanyanError } from '@banyan/model'
import type { Common } from '../program.ts'
import { Attachment } from '../up/attachment.ts'

export type UpOptions = {
  readonly rungs: readonly string[]
  /** Null: as the last time. */
  readonly port: number | null
  readonly host: string | null
  readonly detach: boolean
  /** Whether `/-/prove` is offered to `banyan prove`. */
  readonly proves: boolean
  /** Start with the code as it is here, also where another release is live. */
  readonly release: boolean
  /** Null: as the last time. */
  readonly balancer: BalancerName | null
  /** Null: as the last time; 0: none. */
  readonly consolePort: number | null
}

/** Checks everything, starts control, and stays until it ends or, detached, until it is ready. */
export async function up(common: Common, options: UpOptions): Promise<number> {
  const interruption = new AbortController()
  const interrupt = () => interruption.abort(interrupted())
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, interrupt)
  try {
    const { signal } = interruption
    const prepared = await prepareUp({ ...common, ...options, signal }).catch((error) => {
      throw signal.aborted ? signal.reason : error
    })
    signal.throwIfAborted()
    if (options.proves && prepared.settings.proves !== true) throw notProvable(prepared)
    const attachment = new Attachment(prepared, { json: common.json, detach: options.detach })
    await attachment.begin()
    const started = await startControl(prepared, (sentence) => attachment.say(sentence))
    return await attachment.follow(started, signal)
  } finally {
    for (const signal of signals) process.off(signal, interrupt)
  }
}

function notProvable({ system }: PreparedUp): BanyanError {
  const why = system.data === null ? 'it has no database' : 'its database is adopted'
  return new BanyanError(
    'BANYAN_PROVE_NOT_OFFERED',
    `${system.name} cannot offer /-/prove: ${why}. Nothing was started.`,
    {
      hint: "Leave --prove out, and give the app a scenario of its own: proof: './proof.ts' in the config.",
    },
  )
}

function interrupted(): BanyanError {
  return new BanyanError('BANYAN_INTERRUPTED', 'Interrupted: what was started is stopped again.', {
    hint: 'Run "banyan up" to start it.',
  })
}
