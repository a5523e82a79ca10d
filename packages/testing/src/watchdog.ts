import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Runs a shell command as soon as this process is gone, however it ends: the watchdog reads from a
 * pipe that only we hold open. So a test that is killed leaves no server behind.
 */
export function onDeath(command: string, ...words: string[]): { dismiss(): void } {
  const script = `read -r line; [ "$line" = dismissed ] || { ${command}; }`
  const dog = spawn('/bin/sh', ['-c', script, 'sh', ...words], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  letUsExit(dog)
  return { dismiss: () => void dog.stdin?.end('dismissed\n') }
}

function letUsExit(dog: ChildProcess): void {
  dog.unref()
  dog.stdin?.on('error', () => {})
  ;(dog.stdin as unknown as { unref?(): void }).unref?.()
}
