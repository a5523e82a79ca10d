import pg from 'pg'
import { withServer } from './environment.ts'

/**
 * node-postgres' `Client`. Without options it connects to the system's database.
 *
 * @example
 * const client = new Client()
 * await client.connect()
 */
export class Client extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(typeof config === 'string' ? config : withServer(config ?? {}))
  }
}
