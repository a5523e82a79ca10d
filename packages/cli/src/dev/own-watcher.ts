/** Programs that start again by themselves when a file changes, with what tells so. */
const watchers: readonly { readonly program: string; readonly words: RegExp | null }[] = [
  { program: 'node', words: /^--watch(-path|=|$)/ },
  { program: 'tsx', words: /^(watch|--watch)$/ },
  { program: 'bun', words: /^--(watch|hot)$/ },
  { program: 'deno', words: /^--watch/ },
  { program: 'next', words: /^dev$/ },
  { program: 'nuxt', words: /^dev$/ },
  { program: 'remix', words: /^dev$/ },
  { program: 'astro', words: /^dev$/ },
  { program: 'vite', words: null },
  { program: 'nest', words: /^(--watch|-w)$/ },
  { program: 'fastify', words: /^(--watch|-w)$/ },
  { program: 'nodemon', words: null },
  { program: 'ts-node-dev', words: null },
  { program: 'tsnd', words: null },
]

/**
 * What in a command watches the files itself, such as `node --watch`; null where nothing does. Such a
 * service is not started again on a change: it does so already.
 */
export function ownWatcher(run: readonly string[]): string | null {
  for (const [at, word] of run.entries()) {
    const program = word.split('/').at(-1) ?? word
    const known = watchers.find((watcher) => watcher.program === program)
    if (known === undefined) continue
    if (known.words === null) return program
    const found = run.slice(at + 1).find((later) => known.words?.test(later))
    if (found !== undefined) return `${program} ${found}`
  }
  return null
}
