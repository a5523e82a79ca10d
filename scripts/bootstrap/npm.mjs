import { join } from 'node:path'

/** How to call npm: the very npm that runs this script, else the one in PATH. */
export function npm(args) {
  const path = process.env.npm_execpath ?? ''
  if (/npm(-cli)?\.c?js$/.test(path)) return { file: process.execPath, args: [path, ...args] }
  return { file: process.platform === 'win32' ? 'npm.cmd' : 'npm', args }
}

/** What npm said, without the list of its options that it adds to some errors. */
export function withoutUsage(said) {
  const lines = said.split('\n')
  const begin = lines.indexOf('npm error Usage:')
  if (begin === -1) return said
  const end = lines.findIndex((line) => line.startsWith('npm error A complete log'))
  return [...lines.slice(0, begin), ...lines.slice(end)].join('\n')
}

/** The mend for what npm said, as one sentence. */
export function hintFor(stderr, root) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ECONNRESET/.test(stderr)) {
    return 'The npm registry was not reached: check the network, or a proxy (npm config get proxy), and run the command again.'
  }
  if (/ENOSPC/.test(stderr))
    return `The disk of ${root} is full: free about 600 MB and run the command again.`
  if (/EACCES|EPERM/.test(stderr))
    return `npm may not write to ${join(root, 'node_modules')}: see who owns it (ls -ld), and mend that.`
  if (/can only install packages when your package.json and package-lock.json/.test(stderr)) {
    return 'package.json and package-lock.json differ: run npm install, and commit the lockfile.'
  }
  return 'Run npm ci here to see it again; the lines above are all that npm said.'
}
