#!/usr/bin/env node
// Plain JavaScript for any Node from 18 on: an old one hands over to the Node 24 of the npm package
// "node" where that is installed, else says what to do.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const { enableCompileCache } = module
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) await run()
else handOver(findNode())

async function run() {
  // Types are stripped once, not at every command.
  enableCompileCache?.()
  const built = new URL('../dist/main.js', import.meta.url)
  const source = new URL('../src/main.ts', import.meta.url)
  const { main } = await import(existsSync(fileURLToPath(built)) ? built.href : source.href)
  process.exitCode = await main(process.argv.slice(2))
}

/** The binary of the npm package "node", as the app or as this package sees it. */
function findNode() {
  const places = [join(process.cwd(), 'package.json'), fileURLToPath(import.meta.url)]
  for (const place of places) {
    try {
      const found = createRequire(place).resolve('node/package.json')
      const binary = join(dirname(found), 'bin', 'node')
      if (existsSync(binary)) return binary
    } catch {
      // Not installed there.
    }
  }
  return null
}

function handOver(binary) {
  if (binary === null) {
    const message = `Banyan needs Node 22.18 or newer, and this is Node ${process.versions.node}.`
    const hint =
      'Run "npm install --save-dev node@24" here, or install Node 24 from https://nodejs.org.'
    const error = { code: 'BANYAN_NODE_TOO_OLD', message, hint, details: {} }
    if (process.argv.includes('--json')) console.log(JSON.stringify({ error }))
    else console.error(`${message}\n${hint}`)
    process.exitCode = 1
    return
  }
  const words = [fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const child = spawn(binary, words, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exitCode = code ?? 1
    else {
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    }
  })
}
