import { ControlClient, statePaths } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'

/** The control of a system, or why there is none; `purpose` goes on with what it would be needed for. */
export async function needControl(directory: string, purpose = ''): Promise<ControlClient> {
  return await ControlClient.need(
    statePaths(directory),
    () =>
      new BanyanError('BANYAN_NOT_RUNNING', `No control runs in ${directory}${purpose}.`, {
        hint: 'Look at "banyan status". "banyan up" starts the system, or takes over what still runs.',
      }),
  )
}
