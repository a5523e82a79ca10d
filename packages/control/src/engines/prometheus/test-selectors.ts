/** The name of a metric in a query, with the labels that it is asked by. */
export type Selector = { readonly metric: string; readonly labels: readonly string[] }

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.split(' '))

/** What stands before a list of labels in brackets. */
const clauses = wordsOf('by without on ignoring group_left group_right')
const operators = wordsOf('and or unless bool offset start end atan2 inf nan')

type Token = { readonly kind: 'name' | 'text' | 'sign'; readonly text: string }

/**
 * The metrics that a query of PromQL selects. It knows as much of the language as tells a metric from a
 * function, a label and a word: what stands before `(` is called, and what a clause has in brackets are labels.
 *
 * @example selectorsIn('sum by (node) (rate(up{job="a"}[5m]))') // [{ metric: 'up', labels: ['job'] }]
 */
export function selectorsIn(query: string): Selector[] {
  const tokens = tokensOf(query)
  const found: Selector[] = []
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text } = tokens[at] as Token
    if (text === '[') at = closing(tokens, at, ']')
    else if (kind !== 'name' || operators.has(text.toLowerCase())) continue
    else if (clauses.has(text))
      at = tokens[at + 1]?.text === '(' ? closing(tokens, at + 1, ')') : at
    else if (tokens[at + 1]?.text === '(') continue
    // An aggregation may have its clause before what it aggregates.
    else if (['by', 'without'].includes(tokens[at + 1]?.text ?? '')) continue
    else {
      const end = tokens[at + 1]?.text === '{' ? closing(tokens, at + 1, '}') : at
      found.push({ metric: text, labels: labelsIn(tokens.slice(at + 2, end)) })
      at = end
    }
  }
  return found
}

const labelsIn = (tokens: readonly Token[]): string[] =>
  tokens.filter(({ kind }) => kind === 'name').map(({ text }) => text)

function closing(tokens: readonly Token[], from: number, sign: string): number {
  const end = tokens.findIndex(({ text }, at) => at > from && text === sign)
  return end === -1 ? tokens.length - 1 : end
}

const pattern =
  /(?<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|(?<number>\$?\d[\w.]*)|(?<name>[$a-zA-Z_:][\w:]*)|(?<sign>[^\s\w])/g

function tokensOf(query: string): Token[] {
  return [...query.matchAll(pattern)].flatMap(({ 0: text, groups = {} }): Token[] => {
    if (groups.number !== undefined) return []
    if (groups.text !== undefined) return [{ kind: 'text', text }]
    return [{ kind: groups.name === undefined ? 'sign' : 'name', text }]
  })
}
