/** The parts of SQL in which a semicolon ends nothing. */
const opaque: readonly RegExp[] = [
  /--[^\n]*/y,
  /\/\*[\s\S]*?\*\//y,
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y,
  /'(?:[^']|'')*'/y,
  /"(?:[^"]|"")*"/y,
  /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?\$\1\$/y,
]

/** What begins one of them; when it is not complete, the statement goes on. */
const opening = /--|\/\*|[eE]?'|"|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y

export type Split = {
  /** Complete statements, each without its semicolon. */
  readonly statements: readonly string[]
  /** What is left behind the last semicolon. */
  readonly rest: string
}

/**
 * Splits a text into its statements, as psql does: at semicolons outside quotes, comments and
 * dollar quotes.
 *
 * @example splitStatements("select ';'; select 2").statements // ["select ';'"]
 */
export function splitStatements(text: string): Split {
  const statements: string[] = []
  let begin = 0
  let at = 0
  while (at < text.length) {
    const length = opaqueLengthAt(text, at)
    if (length === null) break
    if (length > 0) at += length
    else if (text[at++] === ';') {
      statements.push(text.slice(begin, at - 1).trim())
      begin = at
    }
  }
  return { statements: statements.filter((one) => one !== ''), rest: text.slice(begin) }
}

/** Whether there is anything to run: blanks and comments are nothing. */
export function isBlank(text: string): boolean {
  return text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '').trim() === ''
}

/** The length of the opaque part that begins here, 0 where none does, null where it does not end. */
function opaqueLengthAt(text: string, at: number): number | null {
  for (const pattern of opaque) {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match) return isInsideWord(text, at) ? 0 : match[0].length
  }
  opening.lastIndex = at
  return opening.test(text) && !isInsideWord(text, at) ? null : 0
}

/** In `note'x'` or `a$b$c` the letter before belongs to a name, so `e'` or `$b$` opens nothing. */
function isInsideWord(text: string, at: number): boolean {
  return /[eE$]/.test(text[at] ?? '') && /[\w$]/.test(text[at - 1] ?? ' ')
}
