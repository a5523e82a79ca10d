/** The parts of a package.json that publishing changes. */
export type Manifest = {
  readonly name: string
  readonly exports: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly private?: boolean
  readonly [other: string]: unknown
}

type Published = Omit<Manifest, 'exports'> & {
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>
  readonly files: readonly string[]
}

/**
 * What npm gets to see: entries in `dist`, and nothing that only development needs. The types of a
 * dependency come along where the workspace has them apart (`@types/pg`): the packages' own types
 * name them, and without them an app's types would be `any` or an error.
 */
export function publishedManifest(
  manifest: Manifest,
  workspace: Pick<Manifest, 'devDependencies'>,
): Published {
  const { devDependencies: _, exports, ...rest } = manifest
  if (manifest.private === true)
    throw new Error(`${manifest.name} is private: it is not published.`)
  const entries = Object.entries(exports).map(([path, source]) => [path, entryOf(manifest, source)])
  return {
    ...rest,
    exports: Object.fromEntries(entries),
    dependencies: { ...manifest.dependencies, ...typesOf(manifest, workspace) },
    files: ['dist', 'bin', 'templates', 'console'],
  }
}

function typesOf(
  { dependencies = {} }: Manifest,
  { devDependencies = {} }: Pick<Manifest, 'devDependencies'>,
): Record<string, string> {
  const wanted = Object.keys(dependencies).map((name) => `@types/${name}`)
  return Object.fromEntries(
    Object.entries(devDependencies).filter(([name]) => wanted.includes(name)),
  )
}

function entryOf({ name }: Manifest, source: string) {
  const stem = /^\.\/src\/(.+)\.ts$/.exec(source)?.[1]
  if (stem === undefined) throw new Error(`${name} exports ${source}, which is not in ./src.`)
  return { types: `./dist/${stem}.d.ts`, default: `./dist/${stem}.js` }
}
