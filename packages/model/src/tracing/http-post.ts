import type { Cancel, SenderPorts } from './span-sender.ts'

/** As much of `request` of node:http as sending takes: this package has no doors of its own. */
export type RequestFunction = (
  url: string,
  options: {
    readonly method: 'POST'
    readonly agent: false
    readonly headers: Readonly<Record<string, string>>
  },
  answered: (answer: { readonly statusCode?: number | undefined; resume(): unknown }) => void,
) => {
  on(event: 'error', listener: () => void): unknown
  on(event: 'socket', listener: (socket: { unref(): unknown }) => void): unknown
  end(body: string): unknown
  destroy(): unknown
}

export type PostTarget = {
  readonly url: string
  readonly token: string
  readonly timeoutMs: number
}

/**
 * Posts JSON over a connection of its own, which does not keep the process alive. Whatever the other side
 * does, the callback is called once and in time: with the status, or with 0.
 */
export function httpPost(
  request: RequestFunction,
  after: SenderPorts['after'],
  { url, token, timeoutMs }: PostTarget,
): SenderPorts['post'] {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  return (body, answered): Cancel => {
    let isOver = false
    let asked: ReturnType<RequestFunction> | null = null
    const end = (): void => {
      isOver = true
      late()
      asked?.destroy()
    }
    const finish = (status: number): void => {
      if (isOver) return
      end()
      answered(status)
    }
    const late = after(timeoutMs, () => finish(0))
    try {
      asked = request(url, { method: 'POST', agent: false, headers }, (answer) => {
        answer.resume()
        finish(answer.statusCode ?? 0)
      })
      asked.on('error', () => finish(0))
      asked.on('socket', (socket) => socket.unref())
      asked.end(body)
    } catch {
      // An address that is none; whoever counts what was given up sees it.
      finish(0)
    }
    return end
  }
}
