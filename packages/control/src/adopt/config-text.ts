import type { AdoptedApp, AppFiles } from './types.ts'

/** The config file of an app that was taken in: its name and its text. */
export type ConfigFile = { readonly name: string; readonly text: string }

/**
 * Where `banyan` is installed in the app, the config imports `defineSystem` from it for its types; else
 * it is the same as plain data, so that an app can be taken in with nothing installed.
 */
export function configOf(
  app: AdoptedApp,
  files: Pick<AppFiles, 'manifest' | 'hasPackage'>,
): ConfigFile {
  const typed = files.hasPackage('banyan')
  const head = [
    ...(app.database?.load ? ["import { existsSync } from 'node:fs'"] : []),
    ...(typed ? ["import { defineSystem } from 'banyan'"] : []),
    ...loadLines(app),
  ]
  const [open, close] = typed ? ['export default defineSystem({', '})'] : ['export default {', '}']
  const body = [`  name: ${quote(app.name)},`, ...serviceLines(app), ...dataLines(app)]
  const lines = [...head, ...(head.length > 0 ? [''] : []), open, ...body, close]
  return { name: nameOf(files.manifest ?? ''), text: `${lines.join('\n')}\n` }
}

/** A config is a module: where the package is CommonJS, its ending has to say so. */
function nameOf(manifest: string): string {
  return /"type"\s*:\s*"module"/.test(manifest) ? 'banyan.config.ts' : 'banyan.config.mts'
}

function loadLines({ database }: AdoptedApp): readonly string[] {
  if (!database?.load) return []
  return [
    '',
    `const environment = new URL(${quote(`./${database.where}`)}, import.meta.url)`,
    'if (existsSync(environment)) process.loadEnvFile(environment)',
  ]
}

function serviceLines({ start }: AdoptedApp): readonly string[] {
  const { run, build, env } = start
  const fields = [
    ...(build === null ? [] : [`build: ${quote(build)}`]),
    `run: ${quote(run)}`,
    ...(Object.keys(env).length === 0 ? [] : [`env: ${objectOf(env)}`]),
    "routes: ['/']",
  ]
  const short = `    web: { ${fields.join(', ')} },`
  const long = ['    web: {', ...fields.map((field) => `      ${field},`), '    },']
  return ['  services: {', ...(short.length <= 100 ? [short] : long), '  },']
}

function dataLines({ database, needsDatabase }: AdoptedApp): readonly string[] {
  if (database !== null) return [`  data: { url: process.env.${database.variable} },`]
  return needsDatabase ? ['  data: {},'] : []
}

function objectOf(values: Readonly<Record<string, string>>): string {
  const fields = Object.entries(values).map(([name, value]) => `${name}: ${quote(value)}`)
  return `{ ${fields.join(', ')} }`
}

const quote = (text: string): string =>
  `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`
