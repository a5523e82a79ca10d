/**
 * Blanks a decorator out, `@Name.of(arguments)`: the parser knows none, and what stands in one is no
 * code that a rule asks about. Lines stay as they are.
 */
export function blankDecorator(code: string, start: number): string {
  const name = /^@[\w$.]*\s*/.exec(code.slice(start))?.[0] ?? '@'
  const open = start + name.length
  const end = code[open] === '(' ? endOfBrackets(code, open) : start + name.trimEnd().length
  const blank = code.slice(start, end).replace(/[^\n]/g, ' ')
  return code.slice(0, start) + blank + code.slice(end)
}

/** Just behind the bracket that closes the one at `open`; brackets in quotes do not count. */
function endOfBrackets(code: string, open: number): number {
  let depth = 0
  for (let at = open; at < code.length; at++) {
    const letter = code[at] ?? ''
    if ('\'"`'.includes(letter)) at = endOfQuote(code, at)
    else if ('([{'.includes(letter)) depth++
    else if (')]}'.includes(letter) && --depth === 0) return at + 1
  }
  return code.length
}

function endOfQuote(code: string, open: number): number {
  for (let at = open + 1; at < code.length; at++) {
    if (code[at] === '\\') at++
    else if (code[at] === code[open]) return at
  }
  return code.length
}
