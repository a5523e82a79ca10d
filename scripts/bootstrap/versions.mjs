/** Whether this Node runs TypeScript by itself, so that it can stand in for Node 24. */
export function runsTypeScript() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}
