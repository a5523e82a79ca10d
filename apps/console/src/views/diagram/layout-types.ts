/** What is drawn, and where: plain numbers, in pixels. */

export type TierName =
  | 'client'
  | 'entry'
  | 'web'
  | 'worker'
  | 'cache'
  | 'queue'
  | 'data'
  | 'telemetry'

export type FlowKind = 'requests' | 'queries' | 'replication'

export type LayoutNode = { readonly name: string; readonly tier: TierName; readonly role: string }

export type LayoutEdge = { readonly from: string; readonly to: string; readonly kind: FlowKind }

/** How much of a node there is room for: all of it, its name and load, or its state and number. */
export type Density = 'card' | 'compact' | 'dot'

export type Rect = {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

export type Box = Rect & {
  readonly name: string
  readonly tier: TierName
  readonly density: Density
}

/** The frame around the nodes of a tier. */
export type Group = Rect & {
  readonly tier: TierName
  readonly density: Density
  readonly columns: number
  readonly count: number
}

/** A cubic curve: start, two controls, end. */
export type Curve = readonly [number, number, number, number, number, number, number, number]

/** A line between two nodes, or between two tiers where it stands for many. */
export type FlowPath = {
  readonly key: string
  readonly kind: FlowKind
  readonly curve: Curve
  /** The edges that it stands for, by their keys. */
  readonly edges: readonly string[]
  /** Where its figures stand; null where a sum for all beside it is shown. */
  readonly label: { readonly x: number; readonly y: number } | null
}

/** The sum of lines that run side by side, where their figures have no room. */
export type FlowSum = {
  readonly key: string
  readonly kind: FlowKind
  readonly edges: readonly string[]
  readonly x: number
  readonly y: number
}

export type Layout = {
  readonly width: number
  readonly height: number
  readonly direction: 'across' | 'down'
  readonly groups: readonly Group[]
  readonly boxes: ReadonlyMap<string, Box>
  readonly paths: readonly FlowPath[]
  readonly sums: readonly FlowSum[]
}

/** The name of the box that stands for everybody who asks. */
export const client = 'client'

export const edgeKey = ({ from, to, kind }: LayoutEdge): string => `${from}>${to}>${kind}`
