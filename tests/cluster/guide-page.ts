// Reads a page of the guide as a script: files to write, commands to run, and what they print.

export type GuideStep =
  | { readonly kind: 'file'; readonly line: number; readonly path: string; readonly text: string }
  | {
      readonly kind: 'commands'
      readonly line: number
      readonly commands: readonly string[]
      /** What they print, `…` standing for anything; null where the page shows nothing. */
      readonly output: string | null
    }
  /** A command that goes on running in a terminal of its own, and what it prints at first. */
  | {
      readonly kind: 'background'
      readonly line: number
      readonly command: string
      readonly output: string | null
    }
  /** What the command in the other terminal prints then. */
  | { readonly kind: 'shown'; readonly line: number; readonly output: string }

/**
 * The blocks of a page in order: a block with `title=path` is a file, one in `sh` is commands, and a
 * `text` block right behind commands is their output. `sh background` is one command in a terminal of
 * its own, `text background` what that prints later. Any other block is an error, because a reader
 * would take it for a part of the tutorial, and no test would have tried it.
 */
export function readGuide(markdown: string): GuideStep[] {
  const steps: GuideStep[] = []
  for (const { info, text, line } of blocksOf(markdown)) {
    const [language = '', ...rest] = info.split(' ')
    const path = /^title=(\S+)$/.exec(rest.join(' '))?.[1]
    const last = steps.at(-1)
    if (path !== undefined) steps.push({ kind: 'file', line, path, text })
    else if (language === 'sh' && rest.length === 0) {
      const commands = text.split('\n').filter((command) => command !== '')
      steps.push({ kind: 'commands', line, commands, output: null })
    } else if (info === 'sh background') {
      steps.push({ kind: 'background', line, command: text.trim(), output: null })
    } else if (info === 'text background') {
      steps.push({ kind: 'shown', line, output: text })
    } else if (info === 'text' && isSilent(last)) {
      steps[steps.length - 1] = { ...last, output: text }
    } else throw new Error(`line ${line}: a block of ${info || 'no language'} that no test can try`)
  }
  return steps
}

/** Whether a step runs something whose output the page has not shown yet. */
function isSilent(
  step: GuideStep | undefined,
): step is GuideStep & { readonly kind: 'commands' | 'background' } {
  return (step?.kind === 'commands' || step?.kind === 'background') && step.output === null
}

type Block = { readonly info: string; readonly text: string; readonly line: number }

function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  let open: { info: string; line: number; lines: string[] } | null = null
  markdown.split('\n').forEach((content, index) => {
    if (!content.startsWith('```')) open?.lines.push(content)
    else if (open === null) open = { info: content.slice(3), line: index + 1, lines: [] }
    else {
      blocks.push({ info: open.info, line: open.line, text: `${open.lines.join('\n')}\n` })
      open = null
    }
  })
  if (open !== null) throw new Error('the last block is not closed')
  return blocks
}

/** Whether an output is the one shown: line breaks and spaces count, `…` stands for anything. */
export function matchesOutput(output: string, shown: string): boolean {
  const parts = shown.trim().split('…').map(escapeForRegExp)
  return new RegExp(`^${parts.join('[\\s\\S]*')}$`).test(output.trim())
}

/** Where in an output what is shown ends, or null while it is not there yet. */
export function endOfShown(output: string, shown: string): number | null {
  const parts = shown.trim().split('…').map(escapeForRegExp)
  const found = new RegExp(parts.join('[\\s\\S]*?')).exec(output)
  return found === null ? null : found.index + found[0].length
}

const escapeForRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
