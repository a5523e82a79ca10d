/**
 * `node:http` as `require` gives it. An `import` of it reads all of its exports, for one of which (WebSocket) Node
 * loads another whole HTTP client: 14 MB and 40 ms in every process. Types come from `node:http` itself.
 */
export const { createServer } = process.getBuiltinModule('node:http')
