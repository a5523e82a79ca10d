import { createInterface } from 'node:readline/promises'
import type { LossReport } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import { needControl } from '../need-control.ts'
import type { Common } from '../program.ts'

export type SwitchoverOptions = {
  /** Null: whichever is best. */
  readonly to: string | null
  readonly acceptLoss: boolean
  readonly yes: boolean
}

/** Has another member take the writes; with `acceptLoss` also where acknowledged commits may be gone by it. */
export async function switchover(
  { json, directory }: Common,
  { to, acceptLoss, yes }: SwitchoverOptions,
): Promise<number> {
  if (yes && !acceptLoss) throw nothingToConfirm()
  const control = await needControl(directory, ', which alone may promote a server')
  if (acceptLoss) await agree(await control.loss(to), json, yes)
  const report = await control.switchover({ to, ...(acceptLoss && { acceptLoss }) })
  process.stdout.write(`${json ? JSON.stringify(report) : report.sentence}\n`)
  return 0
}

/** Nothing is lost before somebody has read what. */
async function agree(loss: LossReport, json: boolean, yes: boolean): Promise<void> {
  if (!json) process.stdout.write(`${loss.sentence}\n`)
  if (yes || (await confirm(loss.to, json))) return
  throw new BanyanError('BANYAN_CONFIRMATION_NEEDED', `Nothing was done: ${loss.sentence}`, {
    hint: `Bring ${loss.missing.join(' or ')} back, and nothing is lost. Add --yes if the loss is meant.`,
    details: { loss },
  })
}

/** Only a person at a terminal can be asked. */
async function confirm(to: string, json: boolean): Promise<boolean> {
  if (json || !process.stdin.isTTY || !process.stdout.isTTY) return false
  const asking = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const answer = await asking.question(`Promote ${to} all the same? [y/N] `)
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    asking.close()
  }
}

function nothingToConfirm(): BanyanError {
  return new BanyanError(
    'BANYAN_USAGE_INVALID',
    '--yes goes with --accept-loss: a switchover without it loses nothing and asks nothing.',
    { hint: 'Leave --yes out.' },
  )
}
