import { isBuilt } from './ladder.ts'
import type { Diagnosis } from './types.ts'

/** The whole diagnosis in a sentence or two. */
export function sentenceOf(diagnosis: Omit<Diagnosis, 'sentence'>): string {
  const { rung, rungs, config } = diagnosis
  if (config.state === 'broken') return 'The config has faults; the app was not looked at.'
  const said = verdictOf(diagnosis)
  if (rung === null || diagnosis.built) return said
  const missing = rungs.filter((name) => !isBuilt(name))
  return `${said} This version of Banyan does not have ${missing.length === 1 ? 'the rung' : 'the rungs'} ${missing.join(', ')} yet; what is said about ${missing.length === 1 ? 'it' : 'them'} follows from the design.`
}

function verdictOf({ rung, config, checks, findings }: Omit<Diagnosis, 'sentence'>): string {
  const failed = checks.filter(({ outcome }) => outcome === 'failed').length
  if (config.state === 'missing') {
    const machine =
      failed === 0 ? 'The machine is fit' : `The machine has ${count(failed, 'fault')}`
    return `${machine}; there is no config at ${config.path} yet, so that no app was looked at.`
  }
  const blocks = findings.filter(({ severity }) => severity === 'blocks').length
  const advice = findings.length - blocks
  const where = rung === null ? '"banyan up"' : rung
  const extra = advice === 0 ? '' : ` ${count(advice, 'piece')} of advice.`
  if (failed + blocks === 0) return `Nothing that was found is in the way of ${where}.${extra}`
  const what = [
    ...(failed > 0 ? [`${count(failed, 'fault')} of the machine or database`] : []),
    ...(blocks > 0 ? [`${count(blocks, 'place')} in the app`] : []),
  ].join(' and ')
  return `${capital(what)} ${failed + blocks === 1 ? 'is' : 'are'} in the way of ${where}.${extra}`
}

const count = (number: number, noun: string): string =>
  number === 1 ? `one ${noun}` : `${number} ${noun}s`

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)
