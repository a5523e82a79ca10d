const ending = '-stand-in'

/** What the stand-in of a node is called. */
export const standInName = (name: string): string => `${name}${ending}`

export const isStandIn = (name: string): boolean => name.endsWith(ending)
