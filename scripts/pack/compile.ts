import { execFile } from 'node:child_process'
import { cp, glob, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Compiles the packages' sources into `stage/<package>/dist`, other files of `src` along with them.
 * One program for all: a package imports the next one's TypeScript, as long as it is a workspace.
 */
export async function compile(
  root: string,
  packages: readonly string[],
  stage: string,
): Promise<void> {
  const project = join(stage, 'tsconfig.json')
  await writeFile(project, JSON.stringify(projectOf(root, packages, stage)))
  await runCompiler(root, project)
  for (const name of packages) {
    const dist = join(stage, name, 'dist')
    await rename(join(stage, name, 'src'), dist)
    await copyAssets(join(root, 'packages', name, 'src'), dist)
    await refuseSourcePaths(dist)
  }
}

function projectOf(root: string, packages: readonly string[], stage: string) {
  const sources = packages.map((name) => join(root, 'packages', name, 'src'))
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rootDir: join(root, 'packages'),
      outDir: stage,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: sources,
    exclude: sources.flatMap((source) => [`${source}/**/*.test.ts`, `${source}/**/test-*.ts`]),
  }
}

async function runCompiler(root: string, project: string): Promise<void> {
  const compiler = join(root, 'node_modules/.bin/tsc')
  await run(compiler, ['--project', project]).catch((error) => {
    throw new Error(`The packages do not compile:\n${error.stdout || error.message}`)
  })
}

async function copyAssets(source: string, dist: string): Promise<void> {
  for await (const file of glob('**/*', { cwd: source, withFileTypes: true })) {
    if (!file.isFile() || file.name.endsWith('.ts')) continue
    const path = join(file.parentPath, file.name)
    await cp(path, join(dist, path.slice(source.length)))
  }
}

/**
 * The compiler rewrites what is imported, not a path in a text: a child process that is started from
 * `./child.ts` would not be found. Such a path takes its extension from `import.meta.url`.
 */
async function refuseSourcePaths(dist: string): Promise<void> {
  for await (const file of glob('**/*.js', { cwd: dist })) {
    const text = await readFile(join(dist, file), 'utf8')
    const found = /new URL\(\s*(['"`])(\.{1,2}\/[^'"`\s]*\.ts)\1/.exec(text)?.[2]
    if (found === undefined) continue
    const source = file.replace(/\.js$/, '.ts')
    throw new Error(
      `src/${source} of ${basename(dirname(dist))} names ${found}, which is not there once it is published.`,
    )
  }
}
