import { connect } from 'node:net'

const timeoutMs = 2_000

/**
 * Sends commands over one connection to HAProxy's runtime API; null when it gives no answer. What each
 * says comes back by itself, in order.
 */
export async function command(
  socket: string,
  commands: readonly string[],
): Promise<readonly string[] | null> {
  const parts: string[] = []
  for (const line of linesOf(commands)) {
    const said = await exchange(socket, line)
    if (said === null) return null
    parts.push(...split(said))
  }
  return parts.length === commands.length ? parts : null
}

/** One argument of a command, taken as it is: a path of a user may have what ends a command. */
export const argument = (text: string): string => text.replaceAll(/[\\; ]/g, '\\$&')

/** Has the parent start another worker. It ends every connection to do so, and says nothing before. */
export async function askForReload(master: string): Promise<void> {
  await exchange(master, 'reload')
}

/** A line has room for about a hundred changes, well below the size of its buffer. */
const lineBytesMax = 8_000

function linesOf(commands: readonly string[]): string[] {
  const lines: string[] = []
  for (const one of commands) {
    const last = lines.at(-1)
    if (last === undefined || last.length + one.length > lineBytesMax) lines.push(one)
    else lines[lines.length - 1] = `${last};${one}`
  }
  return lines
}

async function exchange(path: string, line: string): Promise<string | null> {
  return await new Promise((resolve) => {
    let said = ''
    const socket = connect(path)
    const timer = setTimeout(() => end(null), timeoutMs)
    const end = (value: string | null): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(value)
    }
    socket.setEncoding('utf8')
    socket.once('error', () => end(null))
    socket.on('data', (piece) => {
      said += piece
    })
    socket.once('end', () => end(said))
    // With nothing to follow it ends the connection once it has said everything, and so does its parent.
    socket.end(`${line}\n`)
  })
}

/** What each command says is followed by an empty line; what says nothing is that line alone. */
function split(said: string): string[] {
  const parts: string[] = []
  let part = ''
  for (const line of said.split('\n').slice(0, -1)) {
    if (line !== '') part += `${line}\n`
    else {
      parts.push(part)
      part = ''
    }
  }
  return part === '' ? parts : [...parts, part]
}
