import { createHash } from 'node:crypto'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { maps } from './maps.ts'

/** Where everything of one HAProxy lies. */
export type HaproxyPlaces = {
  readonly folder: string
  readonly configuration: string
  readonly script: string
  readonly routes: string
  readonly hosts: string
  /** What we keep in HAProxy about itself, so that whoever asks it needs no record of ours. */
  readonly facts: string
  /** Where the worker takes commands. */
  readonly runtime: string
  /** Where its parent does, which reloads. */
  readonly master: string
  /** The folder of the two sockets. */
  readonly sockets: string
}

/** It runs in its folder, so that no path of a user has to be written in its language. */
export const fileNames = { configuration: 'haproxy.cfg', script: 'haproxy.lua' } as const

/** HAProxy binds `<path>.<pid>.tmp` first, and a path of a socket has 107 bytes. */
const longestFolder = 72

/** A deep state directory has no room for sockets; then they lie in a private temporary folder. */
export function haproxyPlaces(folder: string): HaproxyPlaces {
  const fits = Buffer.byteLength(folder) <= longestFolder
  const sockets = fits ? folder : join(tmpdir(), `banyan-${userInfo().uid}-${digest(folder)}`)
  return {
    folder,
    configuration: join(folder, fileNames.configuration),
    script: join(folder, fileNames.script),
    routes: join(folder, maps.routes),
    hosts: join(folder, maps.hosts),
    facts: join(folder, maps.facts),
    runtime: join(sockets, 'haproxy.sock'),
    master: join(sockets, 'master.sock'),
    sockets,
  }
}

const digest = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 12)
