import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewayFile } from '@banyan/model'
import { askHaproxy, writeHaproxyFiles } from '../packages/control/src/engines/haproxy/client.ts'
import { fileNames, haproxyPlaces } from '../packages/control/src/engines/haproxy/places.ts'
import { haproxyProgram } from '../packages/control/src/engines/haproxy/program.ts'
import { workerUser } from '../packages/control/src/engines/haproxy/user.ts'

/** HAProxy as control starts it; it ends with this process. */
export async function startHaproxy(file: GatewayFile): Promise<{ pid: number; port: number }> {
  const program = await haproxyProgram()
  if (program instanceof Error) throw program
  const folder = mkdtempSync(join(tmpdir(), 'banyan-bench-'))
  const places = haproxyPlaces(folder)
  const [entry, free] = await Promise.all([listening(), listening()])
  const listen = { host: '127.0.0.1', port: portOf(free) }
  free.close()
  const settings = { file: { ...file, listen }, places, user: workerUser(), isPublic: true }
  await writeHaproxyFiles(settings)
  const fd = (entry as unknown as { _handle: { fd: number } })._handle.fd
  const words = ['-W', '-S', `${places.master},mode,600`, '-f', fileNames.configuration]
  const child = spawn(program.path, words, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore', fd],
  })
  process.on('exit', () => {
    child.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  })
  const port = portOf(entry)
  for (;;) {
    const status = await askHaproxy(places)
    if (status?.backends.every(({ healthy }) => healthy)) {
      // From now on nobody but HAProxy takes connections.
      entry.close()
      return { pid: status.pid, port }
    }
    if (child.exitCode !== null) throw new Error(`HAProxy ended with ${child.exitCode}`)
    await sleep(50)
  }
}

async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const portOf = (server: Server): number => (server.address() as { port: number }).port
