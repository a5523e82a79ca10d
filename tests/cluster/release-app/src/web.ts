import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from 'banyan'
import { mood } from './mood.ts'
import { addEntry, readEntries, readNote, writeNote } from './notes.ts'

if (mood.start === 'crashes') throw new Error('no mood to start today')
if (mood.start === 'never') await sleep(600_000)

const bodyOf = async (request: IncomingMessage): Promise<Record<string, string>> => {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return JSON.parse(Buffer.concat(pieces).toString())
}

async function answer(request: IncomingMessage): Promise<unknown> {
  const [, kind, user = ''] = (request.url ?? '/').split('/')
  const isWrite = request.method === 'PUT' || request.method === 'POST'
  if (kind === 'notes' && isWrite) {
    await writeNote(user, (await bodyOf(request)).text ?? '')
    return {}
  }
  if (kind === 'notes') return { text: await readNote(user) }
  if (kind === 'entries' && isWrite) {
    await addEntry(user, (await bodyOf(request)).word ?? '')
    return {}
  }
  if (kind === 'entries') return await readEntries(user)
  return { release: mood.release, node: process.env.BANYAN_NODE }
}

await serve(async (request: IncomingMessage, response: ServerResponse) => {
  if (mood.slowerMs > 0) {
    console.log('slow answer')
    await sleep(mood.slowerMs)
  }
  response.setHeader('content-type', 'application/json')
  response.setHeader('x-release', mood.release)
  // Nothing of it is done, and the answer says so: whoever counts facts knows it was no write.
  if (Math.random() < mood.failing) {
    console.log('failed answer')
    response.statusCode = 500
    response.end('{"outcome":"fail"}')
    return
  }
  response.end(JSON.stringify(await answer(request)))
})
