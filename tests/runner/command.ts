import { spawn } from 'node:child_process'
import type { SuiteResult } from './result.ts'
import type { CommandSuite } from './suites.ts'

/** Runs a command as a suite of one test; what it printed is the failure's text. */
export async function runCommand(suite: CommandSuite, signal: AbortSignal): Promise<SuiteResult> {
  const began = performance.now()
  const { ok, output } = await outputOf(suite.command, signal)
  return {
    name: suite.name,
    passed: ok ? 1 : 0,
    failures: ok ? [] : [{ path: [suite.command.join(' ')], text: output }],
    skips: [],
    ms: performance.now() - began,
  }
}

async function outputOf([program = '', ...args]: readonly string[], signal: AbortSignal) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  return await new Promise<{ ok: boolean; output: string }>((resolve) => {
    child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}` }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}
