import { existsSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import type { BanyanError, Service, System } from '@banyan/model'
import { pathInside } from './inside.ts'
import { holderOf } from './rebase.ts'
import { refused } from './refuse.ts'
import type { Source } from './source.ts'
import type { Ignored, Tree } from './tree.ts'

/** Something of the app that the config names. */
type Named = {
  /** How a message calls it: `run: of web`. */
  readonly by: string
  readonly path: string
  /** Whether a build may make it. */
  readonly isMade: boolean
}

/**
 * Refuses an app whose config names what a snapshot would not hold: a file that a rule of
 * `.gitignore` leaves out, unless a build makes it, or one outside the root.
 */
export function checkNamedPaths(source: Source, tree: Tree, config: string): void {
  const builds = source.system.services.some(({ build }) => build !== null)
  const holds = holderOf(tree.seen)
  for (const named of namedIn(source.system)) {
    const inside = pathInside(source.root, named.path)
    if (inside === null) throw outside(source, named)
    if (holds(inside) || (named.isMade && builds)) continue
    const ignored = tree.ignored.find(({ path }) => pathInside(path, inside) !== null)
    if (ignored) throw leftOut(named, inside, ignored, config)
  }
}

function namedIn(system: System): Named[] {
  const { root, data, assets, proof, services } = system
  const folders: [by: string, path: string | null, isMade: boolean][] = [
    ['data.migrations:', data?.migrations ?? null, false],
    ['assets:', assets, true],
    ['proof:', proof, false],
  ]
  return [
    ...folders.flatMap(([by, path, isMade]) => (path === null ? [] : [{ by, path, isMade }])),
    ...services.flatMap((service) => namedByCommands(service, root)),
  ]
}

/** Of a build only its program counts: the other paths in it may be those that it writes. */
function namedByCommands({ name, run, build }: Service, root: string): Named[] {
  const runs = run.flatMap((word, at) =>
    at > 1 && isWhole(word) ? [] : (pathIn(word, root, at > 1 || run[0] === 'node') ?? []),
  )
  const builders = (build ?? []).slice(0, 2).flatMap((word) => pathIn(word, root, false) ?? [])
  return [
    ...runs.map((path) => ({ by: `run: of ${name}`, path, isMade: true })),
    ...builders.map((path) => ({ by: `build: of ${name}`, path, isMade: false })),
  ]
}

/** What a program is given by its whole path is data: it stays where it is, for all releases. */
function isWhole(word: string): boolean {
  return /^(-[^=]*=)?\//.test(word)
}

/**
 * The path that a word of a command names. A word without a slash or a dot may be one (`serve dist`),
 * except where programs have the names of their commands. What lies elsewhere on the machine by its
 * whole path is a program or data, and not part of the app.
 */
function pathIn(word: string, root: string, bare: boolean): string | null {
  const text = /^-[^=]*=(.+)$/s.exec(word)?.[1] ?? word
  if (text.startsWith('-') || (!bare && !/[./]/.test(text))) return null
  const path = resolve(root, text)
  if (text.startsWith('..')) return existsSync(path) ? path : null
  return isAbsolute(text) && pathInside(root, path) === null ? null : path
}

function outside({ root }: Source, { by, path }: Named): BanyanError {
  return refused(
    `${by} names ${path}, which lies outside ${root}: a release holds what lies inside the folder of the lockfile.`,
    `Move it into ${root}, or make one workspace of both, with one lockfile above them.`,
    { path },
  )
}

function leftOut(named: Named, inside: string, ignored: Ignored, config: string): BanyanError {
  const { by, isMade } = named
  const unignore = `take it out of the rule (a line "!${ignored.path}" below it)`
  const build = `write the command that makes it as \`build:\` into ${config}`
  return refused(
    `${by} names ${inside}, which the rule "${ignored.pattern}" leaves out (${ignored.place}): the release would lack it.`,
    isMade
      ? `Either ${build}, or ${unignore}; data that outlives a release is named by its whole path.`
      : `It has to be there before anything is built: ${unignore}.`,
    { path: inside, rule: ignored.place },
  )
}
