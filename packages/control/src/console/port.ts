import type { Server } from 'node:http'
import { forgiveBroken, readJson, writeJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'

/** `console.json`: where the console was found last, so that an open page finds the next control. */
export type ConsoleFile = { readonly format: 1; readonly port: number }

const firstPort = 4_780
const tried = 100

/** Listens where the console was last, or where somebody wants it, else at the first free port from 4780 on. */
export async function listenForConsole(
  server: Server,
  paths: StatePaths,
  wanted: number | undefined,
): Promise<number> {
  const last = (await readJson<Partial<ConsoleFile>>(paths.consoleFile).catch(forgiveBroken))?.port
  const port = await listenAtFirst(server, wanted === undefined ? candidates(last) : [wanted])
  const file: ConsoleFile = { format: 1, port }
  // A full disk is no reason to be without a console.
  if (port !== last) await writeJson(paths.consoleFile, file).catch(() => {})
  return port
}

function candidates(last: number | undefined): number[] {
  const isPort = typeof last === 'number' && last > 0 && last < 65_536
  const next = Array.from({ length: tried }, (_, index) => firstPort + index)
  // 0: any that is free, where a hundred are taken.
  return [...(isPort ? [last] : []), ...next, 0]
}

async function listenAtFirst(server: Server, ports: readonly number[]): Promise<number> {
  for (const [index, port] of ports.entries()) {
    try {
      return await listenAt(server, port)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const isTaken = code === 'EADDRINUSE' || code === 'EACCES'
      if (!isTaken || index === ports.length - 1) throw error
    }
  }
  throw new Error('There is no port to listen at.')
}

async function listenAt(server: Server, port: number): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
