import type { RungName } from '../ladder.ts'
import type { Check } from './check.ts'
import { findProgram, installCommandOf, isOlder } from './find-program.ts'
import { type Program, programs } from './programs.ts'

/** The programs that the rungs use; those of no rung are always looked for. */
export async function checkPrograms(rungs: readonly RungName[]): Promise<readonly Check[]> {
  const wanted = programs.filter(
    (program) => program.rungs.length === 0 || program.rungs.some((rung) => rungs.includes(rung)),
  )
  return await Promise.all(wanted.map(checkProgram))
}

async function checkProgram(program: Program): Promise<Check> {
  const found = await findProgram(program)
  const { name, rungs, why } = program
  if (found === null) {
    const mend = installCommandOf(program, process.platform)
    return { name, outcome: 'missing', found: 'not installed; optional', why, mend, rungs }
  }
  const { oldest } = program
  if (oldest !== undefined && isOlder(found.version ?? '0', oldest)) {
    const what = `${found.version ?? 'no version'} (${found.path}); ${oldest} is the oldest that can be used`
    const mend = installCommandOf(program, process.platform)
    return { name, outcome: 'missing', found: what, why, mend, rungs }
  }
  const version = found.version === null ? '' : `${found.version} `
  return { name, outcome: 'ok', found: `${version}(${found.path})`, why: null, mend: null, rungs }
}
