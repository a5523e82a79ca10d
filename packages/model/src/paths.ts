/** POSIX paths without I/O, so that this package needs nothing of Node. */

export const isAbsolutePath = (path: string): boolean => path.startsWith('/')

/** An absolute path from a folder and a path relative to it, with `.` and `..` worked out. */
export const resolvePath = (root: string, path: string): string => {
  const parts: string[] = []
  for (const part of (isAbsolutePath(path) ? path : `${root}/${path}`).split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}
