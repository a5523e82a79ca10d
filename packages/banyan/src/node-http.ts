import type http from 'node:http'

/**
 * `node:http` as `require` gives it. An `import` of it reads all of its exports, for one of which (WebSocket) Node
 * loads another whole HTTP client: 14 MB and 40 ms in every process. Other types come from `node:http` itself.
 */
export const { createServer, IncomingMessage, request, Server, ServerResponse, STATUS_CODES } =
  process.getBuiltinModule('node:http')

export type IncomingMessage = http.IncomingMessage
export type Server = http.Server
export type ServerResponse<Request extends http.IncomingMessage = http.IncomingMessage> =
  http.ServerResponse<Request>
