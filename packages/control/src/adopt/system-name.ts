/** Databases that every PostgreSQL server has; the system's is called as the system. */
const taken = ['postgres', 'template0', 'template1']

/** A name for the system: what the package, else the folder, is called, in the letters that a name may have. */
export function systemNameOf(packageName: string | null, folder: string): string {
  const last = folder.split('/').findLast((part) => part !== '') ?? ''
  const candidates = [packageName?.replace(/^@[^/]*\//, '') ?? '', last].map(fit)
  return candidates.find((name) => name !== '' && !taken.includes(name)) ?? 'app'
}

function fit(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '')
}
