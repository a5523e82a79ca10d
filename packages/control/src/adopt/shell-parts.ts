/** A script in the pieces between the operators of a shell: `tsc && node dist/main.js`. */
export type ShellParts = {
  readonly commands: readonly string[]
  /** What stands between them: one less than there are commands. */
  readonly operators: readonly string[]
}

const operators = ['&&', '||', '|', ';', '&']

/** Splits a script where a shell would, outside of quotes. */
export function splitScript(script: string): ShellParts {
  const [commands, found]: [string[], string[]] = [[], []]
  let [start, quote] = [0, '']
  for (let at = 0; at < script.length; at++) {
    const letter = script.charAt(at)
    if (letter === '\\' && quote !== "'") at++
    else if (quote !== '') quote = letter === quote ? '' : quote
    else if (letter === '"' || letter === "'") quote = letter
    else {
      const operator = operators.find(
        (one) => script.startsWith(one, at) && !isRedirection(script, at),
      )
      if (operator === undefined) continue
      commands.push(script.slice(start, at).trim())
      found.push(operator)
      at += operator.length - 1
      start = at + 1
    }
  }
  return { commands: [...commands, script.slice(start).trim()], operators: found }
}

/** `2>&1` and `&>file` have an `&` that ends no command. */
function isRedirection(script: string, at: number): boolean {
  return (
    script.charAt(at) === '&' && (script.charAt(at - 1) === '>' || script.charAt(at + 1) === '>')
  )
}

/** What stands before settings or a program and only hands them on. */
const handsOn = /^(?:(?:cross-env|env)\s+(?=[A-Za-z_]\w*=)|exec\s+(?=[^-\s]))/

/** The settings before a command, `NODE_ENV=production node x`, and the command without them. */
export function splitSettings(command: string): {
  readonly env: Readonly<Record<string, string>>
  readonly command: string
} {
  const env: Record<string, string> = {}
  let rest = command.trim()
  for (;;) {
    rest = rest.replace(handsOn, '')
    const setting = /^([A-Za-z_]\w*)=("[^"$`\\]*"|'[^']*'|[^\s"'$`\\&|;<>]*)\s+/.exec(rest)
    if (setting === null) return { env, command: rest }
    const [whole, name = '', value = ''] = setting
    env[name] = value.replace(/^(["'])(.*)\1$/, '$2')
    rest = rest.slice(whole.length)
  }
}
