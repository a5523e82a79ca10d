import { type AppManifest, lineOfScript } from './manifest.ts'
import type { Note, Start } from './types.ts'

type Rule = {
  readonly pattern: RegExp
  readonly what: string
  readonly mend: string
  /** Left out, it would lead the app somewhere else: nothing is taken in before it is mended. */
  readonly refuses: boolean
}

/** Settings that a config may not have, as Banyan makes them itself, and what becomes of the script's. */
const rules: readonly Rule[] = [
  {
    pattern: /^(PORT|HOST)$/,
    what: 'which the config leaves out: Banyan gives every node a place of its own',
    mend: 'Nothing to do, as long as the app listens on process.env.PORT.',
    refuses: false,
  },
  {
    pattern: /^DATABASE_URL$/,
    what: 'and a config is no place for a password',
    mend: 'Write the setting into .env, take it out of the script, and run banyan init again.',
    refuses: true,
  },
  {
    pattern: /^(BANYAN|LISTEN)_/,
    what: 'which the config leaves out: names like that are set by Banyan',
    mend: 'Give the setting another name.',
    refuses: false,
  },
]

/** The settings before a command that the config can have, and a note for each that it leaves out. */
export function leaveReserved(
  start: Start,
  script: string,
  { text }: AppManifest,
): { readonly start: Start | null; readonly notes: readonly Note[] } {
  const found = Object.keys(start.env).flatMap((name) => {
    const rule = ruleOf(name)
    return rule === undefined ? [] : [{ name, rule }]
  })
  const noteOn = ({ name, rule }: { readonly name: string; readonly rule: Rule }): Note => ({
    file: 'package.json',
    line: lineOfScript(text, script),
    what: `The script ${script} sets ${name}, ${rule.what}.`,
    mend: rule.mend,
  })
  const faults = found.filter(({ rule }) => rule.refuses)
  if (faults.length > 0) return { start: null, notes: faults.map(noteOn) }
  const env = Object.entries(start.env).filter(([name]) => ruleOf(name) === undefined)
  return { start: { ...start, env: Object.fromEntries(env) }, notes: found.map(noteOn) }
}

const ruleOf = (name: string): Rule | undefined => rules.find(({ pattern }) => pattern.test(name))
