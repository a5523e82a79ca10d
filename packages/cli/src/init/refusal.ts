import type { Note } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'

/** `package.json:7`, or the file alone. */
export const placeOf = ({ file, line }: Note): string => (line === null ? file : `${file}:${line}`)

/** The app cannot be taken in as it is. Nothing was written. */
export function refusal(faults: readonly Note[]): BanyanError {
  const [first] = faults
  const message = faults.map((fault) => `${placeOf(fault)}: ${fault.what}`).join('\n')
  const hint =
    faults.length === 1 && first !== undefined
      ? first.mend
      : faults.map((fault) => `${placeOf(fault)}: ${fault.mend}`).join('\n')
  return new BanyanError('BANYAN_INIT_REFUSED', message, { hint, details: { faults } })
}

export function configExists(path: string): BanyanError {
  return new BanyanError('BANYAN_INIT_EXISTS', `There is a config already: ${path}.`, {
    hint: 'Start it with: banyan up. To begin anew, remove that file first.',
    details: { path },
  })
}
