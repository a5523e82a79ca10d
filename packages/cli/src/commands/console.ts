import { ControlClient, statePaths } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import type { Common } from '../program.ts'

/** Prints an address of the console that opens it once, within ten minutes. */
export async function consoleCommand({ json, directory }: Common): Promise<number> {
  const control = await ControlClient.need(statePaths(directory), () => notRunning(directory))
  const url = await control.consoleUrl()
  process.stdout.write(json ? `${JSON.stringify({ url })}\n` : `${url}\n`)
  return 0
}

function notRunning(directory: string): BanyanError {
  return new BanyanError('BANYAN_NOT_RUNNING', `No control runs in ${directory}.`, {
    hint: 'Start the system with "banyan up": it serves the console as well.',
  })
}
