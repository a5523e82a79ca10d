// The store behind the console: `main.ts CONFIG_FILE`. It says on its IPC channel that it listens, or ends with 1 and
// one line that says why. SIGTERM ends it in order; it goes on when its channel is closed, since control may die.
import { flushCompileCache } from 'node:module'
import { BanyanError } from '@banyan/model'
import { pino } from 'pino'
import { StoreServer } from './http/server.ts'
import { readStoreFile } from './read-store-file.ts'
import { type Log, Store } from './store.ts'

const flushAfterMs = 2_000

function openLog(): Log {
  // Synchronous and without a queue: the store says little, and its log may be on the disk that is full.
  const destination = {
    write(line: string): void {
      try {
        process.stdout.write(line)
      } catch {
        // A full disk costs the line.
      }
    },
  }
  process.stdout.on('error', () => {})
  const logger = pino(
    {
      base: { pid: process.pid, node: 'store' },
      formatters: { level: (level) => ({ level }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  )
  return (level, message, fields = {}) => logger[level](fields, message)
}

function say(word: object, onSaid: (value: unknown) => void = () => {}): void {
  if (process.connected && process.send !== undefined) process.send(word, onSaid)
  else onSaid(null)
}

async function listen(server: StoreServer, host: string, port: number): Promise<number> {
  try {
    return await server.listen(host, port)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const taken = code === 'EADDRINUSE'
    throw new BanyanError(
      taken ? 'BANYAN_PORT_TAKEN' : 'BANYAN_LISTEN_FAILED',
      taken
        ? `Another process listens on ${host}:${port}.`
        : `The store cannot listen on ${host}:${port} (${code}).`,
      { hint: 'Control takes another port when it starts the store again.', cause },
    )
  }
}

async function main(): Promise<void> {
  const log = openLog()
  try {
    const file = readStoreFile(process.argv[2] ?? '')
    const server = new StoreServer(file.token, file.metricsToken)
    const port = await listen(server, file.host, file.port)
    const store = new Store({ file, log })
    server.serve(store)
    store.start()
    endInOrder(server, store, log)
    setTimeout(flushCompileCache, flushAfterMs).unref()
    log('info', 'listening', { host: file.host, port })
    say({ kind: 'listening', port })
  } catch (error) {
    const { code = 'BANYAN_STORE_FILE_INVALID', message, hint } = error as BanyanError
    const word = { kind: 'failed', code, message, hint: hint ?? null }
    process.stdout.write(`${JSON.stringify(word)}\n`)
    await new Promise<unknown>((said) => say(word, said))
    process.exit(1)
  }
}

function endInOrder(server: StoreServer, store: Store, log: Log): void {
  let isEnding = false
  const end = (signal: string): void => {
    if (isEnding) return
    isEnding = true
    log('info', 'stopping', { signal })
    void server
      .close()
      .then(() => store.stop())
      .finally(() => process.exit(0))
  }
  process.on('SIGTERM', () => end('SIGTERM'))
  process.on('SIGINT', () => end('SIGINT'))
  process.on('disconnect', () => {})
  process.on('uncaughtException', (error) => {
    // What it would do in an unknown state nobody knows; control starts a new one within a second.
    log('error', 'an error that nobody caught', { error: error.message, stack: error.stack })
    process.exit(1)
  })
}

await main()
