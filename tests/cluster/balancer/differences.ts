// Where a balancer is known to keep a promise in another way than the gateway. Each is told to users in
// docs/reference/haproxy.md, and each test that asks for one asserts what happens instead. Not a test.

/** What HAProxy does otherwise, in the words of its page. */
export const differences = {} as const satisfies Readonly<Record<string, string>>

export type Difference = keyof typeof differences
