// The program of a gateway: its file in BANYAN_SYSTEM, the public sockets as descriptors from 3 on. SIGTERM drains
// and ends it. A gateway that cannot start says why and ends with 1.
import { writeFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { dirname, join } from 'node:path'
import { BanyanError, type EntryRequests, type GatewayFile, type LastWords } from '@banyan/model'
import { Gateway, type PublicPlace } from './gateway.ts'
import { openLog } from './log.ts'
import { readGatewayFile } from './read-gateway-file.ts'

const passedFd = 3

/** Once the first requests have come, so that they do not wait for the disk. */
const flushAfterMs = 2_000

/** What it has answered, for control, which can ask it no more. */
function leaveLastWords(file: string, requests: EntryRequests): void {
  const words: LastWords = { pid: process.pid, requests }
  try {
    writeFileSync(join(dirname(file), 'last-words.json'), JSON.stringify(words))
  } catch {
    // A full disk, or a folder that is gone: the sum lacks what nobody could count.
  }
}

function publicPlace({ tcp = [] }: GatewayFile, environment: NodeJS.ProcessEnv): PublicPlace {
  const passed = Number(environment.LISTEN_FDS ?? 0)
  if (passed >= 1 + tcp.length) return { fd: passedFd }
  throw new BanyanError('BANYAN_LISTEN_SOCKET_INVALID', 'Not every public socket was passed.', {
    hint: 'Gateways are started by Banyan, which passes them: banyan up.',
  })
}

async function main(): Promise<void> {
  const { logger, flush, dropped } = openLog(process.env.BANYAN_NODE ?? 'gateway')
  try {
    const file = readGatewayFile(process.env.BANYAN_SYSTEM ?? '')
    const place = publicPlace(file, process.env)
    const gateway = await Gateway.start({ file, place, logger, droppedLines: dropped })
    const stop = (signal: string): void => {
      logger.info({ signal }, 'stopping')
      void gateway.stop().then(() => {
        const { requests } = gateway.status
        leaveLastWords(process.env.BANYAN_SYSTEM ?? '', requests)
        logger.info({ requests }, 'stopped')
        flush()
        process.exit(0)
      })
    }
    process.on('uncaughtException', (error) => {
      // What it would do in an unknown state nobody knows; a new one is there within a second.
      logger.fatal({ err: error }, 'an error that nobody caught')
      flush()
      process.exit(1)
    })
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    // Node writes compiled code down at a clean exit only; a process that is killed would compile anew.
    setTimeout(flushCompileCache, flushAfterMs).unref()
    logger.info({ url: gateway.url, version: file.version }, 'listening')
  } catch (error) {
    const { message, code, hint } = error as BanyanError
    logger.fatal({ code, hint }, message)
    flush()
    process.exit(1)
  }
}

await main()
