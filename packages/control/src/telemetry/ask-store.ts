import { setImmediate as turn } from 'node:timers/promises'
import { Agent, request } from '../node-http.ts'

/** One connection that is kept: the store is asked once a second for as long as it runs. */
const agent = new Agent({ keepAlive: true, maxSockets: 2 })

const timeoutMs = 1_000

/** Whether the store answers `GET /health` with 200 within a second. */
export async function isStoreHealthy(place: {
  readonly host: string
  readonly port: number
  readonly token: string
}): Promise<boolean> {
  const { host, port, token } = place
  const headers = { authorization: `Bearer ${token}` }
  return await new Promise((resolve) => {
    const asked = request({ host, port, path: '/health', headers, agent }, (response) => {
      response.resume()
      clearTimeout(timer)
      resolve(response.statusCode === 200)
    })
    const timer = setTimeout(() => void giveUp(), timeoutMs)
    // Where we were late ourselves the answer may be there, and is read before anything is decided.
    const giveUp = async (): Promise<void> => {
      await turn()
      await turn()
      asked.destroy()
      resolve(false)
    }
    asked.once('error', () => {
      clearTimeout(timer)
      resolve(false)
    })
    asked.end()
  })
}
