import { BanyanError } from './banyan-error.ts'
import type { Complaint } from './faults.ts'

/**
 * Splits a command into words the way a shell would, without a shell: quotes and backslashes hold,
 * and everything that only a shell could do is refused. A shell between Banyan and the process would
 * swallow signals and could not pass a socket on.
 */
export type CommandReading =
  | { readonly words: readonly string[]; readonly complaint: null }
  | { readonly words: null; readonly complaint: Complaint }

/** What only a shell understands, found outside quotes, and what to write instead. */
const shellOnly: readonly {
  readonly pattern: RegExp
  readonly what: string
  readonly mend: string
}[] = [
  {
    pattern: /&&|\|\|/y,
    what: 'two commands in one',
    mend: 'put the first command into `build:`, which runs once per release, or both into a script file',
  },
  {
    pattern: /\|/y,
    what: 'a pipe',
    mend: 'put the pipe into a script file and run that: "node scripts/start.mjs"',
  },
  {
    pattern: /;|\n/y,
    what: 'two commands in one',
    mend: 'put the first command into `build:`, which runs once per release, or both into a script file',
  },
  {
    pattern: /&/y,
    what: 'a command in the background',
    mend: 'make it a service of its own; Banyan runs services side by side',
  },
  {
    pattern: />|</y,
    what: 'a redirection',
    mend: 'remove it; Banyan keeps the output of every node: banyan logs',
  },
  {
    pattern: /[()]/y,
    what: 'a subshell',
    mend: 'put it into a script file and run that: "node scripts/start.mjs"',
  },
  {
    pattern: /\*/y,
    what: 'a file pattern',
    mend: 'quote it when the program expands it, else name the files',
  },
]

const expansion: Complaint = {
  found: 'a shell variable or substitution',
  expected: 'a command without a shell',
  mend: "read process.env in the program, set values under `env:`, or quote it with '…' when it is meant literally",
}

const homeFolder: Complaint = {
  found: 'a home folder (~)',
  expected: 'a command without a shell',
  mend: 'write the path in full, or quote it when it is meant literally',
}

/** Reads a command; says what is wrong with it instead of throwing. */
export const readCommand = (text: string): CommandReading => {
  const reader = new CommandReader(text)
  const complaint = reader.read()
  return complaint ? { words: null, complaint } : { words: reader.words, complaint: null }
}

/**
 * Splits a command into its words.
 *
 * @example splitCommand(`node --title "my web" src/web.ts`) // ['node', '--title', 'my web', 'src/web.ts']
 * @throws BANYAN_CONFIG_INVALID when it needs a shell or a quote does not end.
 */
export const splitCommand = (text: string): readonly string[] => {
  const { words, complaint } = readCommand(text)
  if (words) return words
  const found = complaint.found ?? 'something else'
  throw new BanyanError(
    'BANYAN_CONFIG_INVALID',
    `The command ${JSON.stringify(text)} has ${found}; ${complaint.expected} is expected.`,
    { hint: complaint.mend, details: { command: text } },
  )
}

class CommandReader {
  readonly words: string[] = []
  readonly #text: string
  #at = 0
  #word: string | null = null

  constructor(text: string) {
    this.#text = text.trim()
  }

  read(): Complaint | null {
    if (this.#text === '')
      return {
        expected: 'a command, for example "node src/web.ts"',
        mend: 'name the program to run',
      }
    if (this.#text.includes('\0'))
      return { expected: 'a command of printable text', mend: 'remove the NUL character' }
    while (this.#at < this.#text.length) {
      const complaint = this.#step(this.#text.charAt(this.#at))
      if (complaint) return complaint
    }
    this.#endWord()
    return this.#checkWords()
  }

  #step(letter: string): Complaint | null {
    if (letter === "'" || letter === '"') return this.#quoted(letter)
    if (letter === '\\') return this.#escaped()
    if (letter === '$' || letter === '`') return expansion
    if (letter === '~' && this.#word === null) return homeFolder
    for (const { pattern, what, mend } of shellOnly) {
      pattern.lastIndex = this.#at
      const match = pattern.exec(this.#text)
      if (match)
        return {
          found: `${what} (${JSON.stringify(match[0])})`,
          expected: 'one command without a shell',
          mend,
        }
    }
    this.#at++
    if (/\s/.test(letter)) this.#endWord()
    else this.#append(letter)
    return null
  }

  #quoted(quote: string): Complaint | null {
    const start = this.#at++
    this.#append('')
    for (; this.#at < this.#text.length; this.#at++) {
      const letter = this.#text.charAt(this.#at)
      if (letter === quote) {
        this.#at++
        return null
      }
      if (quote === '"' && (letter === '$' || letter === '`')) return expansion
      if (quote === '"' && letter === '\\' && /["\\$`]/.test(this.#text.charAt(this.#at + 1)))
        this.#at++
      this.#append(this.#text.charAt(this.#at))
    }
    return {
      found: `a quote that does not end (${this.#text.slice(start, start + 20)})`,
      expected: 'a closing quote',
      mend: `add the closing ${quote}`,
    }
  }

  #escaped(): Complaint | null {
    const letter = this.#text.charAt(this.#at + 1)
    if (letter === '')
      return {
        found: 'a backslash at the end',
        expected: 'a letter after it',
        mend: 'remove the backslash',
      }
    // A line that ends in a backslash goes on in the next one.
    if (letter !== '\n') this.#append(letter)
    this.#at += 2
    return null
  }

  #append(letter: string): void {
    this.#word = (this.#word ?? '') + letter
  }

  #endWord(): void {
    if (this.#word !== null) this.words.push(this.#word)
    this.#word = null
  }

  #checkWords(): Complaint | null {
    const first = this.words[0] ?? ''
    if (first === '')
      return {
        found: 'an empty program name',
        expected: 'a command, for example "node src/web.ts"',
        mend: 'name the program to run',
      }
    const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(first)
    if (assignment) {
      const [, name, value] = assignment
      return {
        found: `an assignment before the command (${first})`,
        expected: 'the command alone',
        mend: `write it as env: { ${name}: ${JSON.stringify(value)} }`,
      }
    }
    if (first === 'cd')
      return {
        found: 'a change of folder',
        expected: 'one command without a shell',
        mend: 'a service runs in the folder of the config; name the path from there',
      }
    return null
  }
}
