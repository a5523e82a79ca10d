import { splitScript } from './shell-parts.ts'

/** What Node runs, and so what a watcher starts. */
export const endings = ['.ts', '.mts', '.js', '.mjs', '.cjs']

const isFile = (word: string): boolean => endings.some((ending) => word.endsWith(ending))

/** The command below a watcher; null when there is none. Banyan itself restarts on a change. */
export function withoutWatcher(command: string): string | null {
  const words = command.trim().split(/\s+/)
  const [program = '', ...rest] = words
  if (program === 'npx') return withoutWatcher(rest.join(' '))
  if (splitScript(command).operators.length > 0) return null
  if (['nodemon', 'node-dev'].includes(program)) return belowNodemon(rest)
  const file = rest.find(isFile)
  if (file === undefined) return null
  if (['ts-node-dev', 'tsnd'].includes(program)) return `ts-node ${file}`
  if (program === 'tsx' && rest[0] === 'watch') return ['tsx', ...rest.slice(1)].join(' ')
  if (['node', 'tsx', 'bun'].includes(program)) {
    const kept = rest.filter(
      (word) => !/^--(watch|watch-path=.*|hot|watch-preserve-output)$/.test(word),
    )
    return kept.length < rest.length ? [program, ...kept].join(' ') : null
  }
  return null
}

/** Options of nodemon itself that have a value, and those that have none. */
const valued = /^(-w|--watch|-e|--ext|-i|--ignore|-d|--delay|-s|--signal|--config|--cwd)$/
const plain =
  /^(-q|--quiet|-V|--verbose|-L|--legacy-watch|-C|--on-change-only|-I|--no-stdin|--no-update-notifier|--no-colou?rs|--exitcrash|(--(watch|ext|ignore|delay|signal|config)=.*))$/
/** Options of Node that have a value of their own. */
const ofNode = /^(-r|--require|--import|--loader|--experimental-loader|-C|--conditions)$/

/** What nodemon starts, with the options that it hands on. Null for what is better left to it. */
function belowNodemon(words: readonly string[]): string | null {
  // Moving to another folder, or a command in quotes, is more than taking away a watcher.
  if (words.some((word) => /["'\\]/.test(word) || word.startsWith('--cwd'))) return null
  let program = 'node'
  const options: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (word === '-x' || word === '--exec') program = words[++at] ?? ''
    else if (word.startsWith('--exec=')) program = word.slice('--exec='.length)
    else if (valued.test(word)) at += 1
    else if (ofNode.test(word)) options.push(word, words[++at] ?? '')
    else if (word.startsWith('-') && !plain.test(word)) options.push(word)
    else if (!word.startsWith('-'))
      return isFile(word) ? [program, ...options, ...words.slice(at)].join(' ') : null
  }
  return null
}
