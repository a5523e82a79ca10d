import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Json } from './figures.ts'

/** Runs one bench in a process of its own and returns the JSON that it printed. */
export async function runBench(file: string, args: readonly string[]): Promise<Json> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const forward = () => child.kill('SIGINT')
  process.on('SIGINT', forward)
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const [code, signal] = await once(child, 'close')
  process.off('SIGINT', forward)
  if (code !== 0) throw new Error(`${file} ended with ${signal ?? code}.`)
  return parse(file, output)
}

/** A bench prints one JSON object, and nothing else. */
function parse(file: string, output: string): Json {
  try {
    return JSON.parse(output)
  } catch (cause) {
    throw new Error(`${file} did not print one JSON object, but: ${output.slice(0, 500)}`, {
      cause,
    })
  }
}
