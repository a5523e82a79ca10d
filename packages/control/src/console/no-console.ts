import { BanyanError } from '@banyan/model'
import type { UpSettings } from '../api/types.ts'

/** Why there is no address of a console to give. */
export function noConsole({ consolePort }: Pick<UpSettings, 'consolePort'>): BanyanError {
  const isOff = consolePort === 0
  const why = isOff ? 'it was started without one' : 'nothing could listen for it'
  return new BanyanError('BANYAN_CONSOLE_OFF', `The system has no console: ${why}.`, {
    hint: isOff
      ? 'Start it with "banyan up --console-port 4780".'
      : 'Control says why in control.log; name another port with "banyan up --console-port N".',
  })
}
