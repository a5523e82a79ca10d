import type { Data } from './data.ts'

/** The secret that signs tokens. Settings are the same on every shard: the first answer will do. */
export async function readTokenSecret(data: Data): Promise<string> {
  const { value } = await data.everywhere({
    each: (shard) =>
      shard.read<{ value: string }>`select value from settings where name = 'token_secret'`,
    combine: (parts) => parts[0]?.[0]?.value,
  })
  if (value === undefined) throw new Error('The table settings has no row named token_secret')
  return value
}
