/** Somebody who has opened the console, without a browser. */
export type SignedIn = { readonly origin: string; readonly host: string; readonly cookie: string }

/** Opens the console by the address that `banyan console` prints. */
export async function signIn(url: string): Promise<SignedIn> {
  const { origin, host } = new URL(url)
  const answer = await fetch(url, { redirect: 'manual' })
  const cookie = answer.headers.get('set-cookie')?.split(';')[0]
  if (cookie === undefined) throw new Error(`${answer.status} and no cookie`)
  return { origin, host, cookie }
}
