import { Client } from 'pg'
import { type Context, primaryMember } from './context.ts'

/** Where the member is that takes the writes now. */
export function placeOfPrimary(context: Context): { host: string; port: number } {
  const member = primaryMember(context)
  if (member === null) throw new Error('the topology has no data node')
  const { host, port } = member
  return { host, port }
}

/** A connection to the primary, which the caller ends. */
export async function openClient(
  context: Context,
  user: string,
  password: string,
  database: string,
): Promise<Client> {
  const client = new Client({
    ...placeOfPrimary(context),
    user,
    password,
    database,
    application_name: 'banyan control',
  })
  // Without a listener, a server that dies while nothing is asked would end this process.
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Lends a connection to the primary, and ends it afterwards. */
export async function withClient<Result>(
  context: Context,
  user: string,
  password: string,
  database: string,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await openClient(context, user, password, database)
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
