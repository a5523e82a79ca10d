import { type EdgeFlow, sumFlows } from './flow-sums.ts'
import type { FlowKind, Layout } from './layout-types.ts'
import { dotsOf, failedDots, pace, speedOf, type Track, trackOf } from './particles.ts'

type Line = {
  readonly kind: FlowKind
  readonly track: Track
  readonly edges: readonly string[]
  dots: number
  failed: number
  speed: number
  offset: number
}

const kinds: readonly FlowKind[] = ['requests', 'queries', 'replication']

/**
 * Everything that moves, on one canvas in one loop of frames: dots along lines. It runs only while something moves
 * and somebody can see it, and stands still for whoever wants no motion.
 */
export class FlowAnimation {
  readonly #canvas: HTMLCanvasElement
  #lines: Line[] = []
  #colours: Readonly<Record<FlowKind | 'failed', string>> | null = null
  #frame = 0
  #lastAt = 0
  #isWanted = true

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
  }

  /** Other lines. Dots on those that stay go on where they are. */
  draw({ paths, width, height }: Pick<Layout, 'paths' | 'width' | 'height'>): void {
    const before = new Map(this.#lines.map((line) => [line.edges.join(), line]))
    this.#lines = paths.map(({ kind, curve, edges }) => {
      const old = before.get(edges.join())
      return {
        kind,
        edges,
        track: trackOf(curve),
        dots: old?.dots ?? 0,
        failed: old?.failed ?? 0,
        speed: old?.speed ?? 0,
        offset: old?.offset ?? 0,
      }
    })
    const ratio = Math.min(2, devicePixelRatio)
    this.#canvas.width = Math.round(width * ratio)
    this.#canvas.height = Math.round(height * ratio)
    this.#canvas.getContext('2d')?.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.#wake()
  }

  /** What moves now. */
  show(flows: ReadonlyMap<string, EdgeFlow>): void {
    for (const line of this.#lines) {
      const figures = sumFlows(flows, line.edges)
      const rate = pace(line.kind, figures?.perS ?? 0)
      line.dots = dotsOf(rate)
      line.speed = speedOf(rate)
      line.failed = failedDots(line.dots, figures?.perS ?? 0, figures?.errorsPerS ?? 0)
    }
    this.#wake()
  }

  /** The colours of the theme are others. */
  recolour(): void {
    this.#colours = null
    this.#wake()
  }

  /** Whether anything may move. */
  want(isWanted: boolean): void {
    this.#isWanted = isWanted
    this.#wake()
  }

  stop(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    this.#isWanted = false
  }

  #wake(): void {
    const isMoving = this.#isWanted && this.#lines.some(({ dots }) => dots > 0)
    if (isMoving && this.#frame === 0) this.#frame = requestAnimationFrame(this.#tick)
    if (!isMoving) this.#clear()
  }

  readonly #tick = (at: number): void => {
    const seconds = Math.min(0.1, (at - this.#lastAt) / 1_000)
    this.#lastAt = at
    this.#clear()
    this.#paint(seconds)
    const isMoving = this.#isWanted && this.#lines.some(({ dots }) => dots > 0)
    this.#frame = isMoving ? requestAnimationFrame(this.#tick) : 0
  }

  #clear(): void {
    const context = this.#canvas.getContext('2d')
    context?.clearRect(0, 0, this.#canvas.width, this.#canvas.height)
  }

  /** One path and one fill for each colour, however many dots there are. */
  #paint(seconds: number): void {
    const context = this.#canvas.getContext('2d')
    if (context === null) return
    this.#colours ??= coloursOf(this.#canvas)
    for (const line of this.#lines)
      if (line.track.length > 0)
        line.offset = (line.offset + line.speed * seconds) % line.track.length
    for (const kind of kinds) {
      context.fillStyle = this.#colours[kind]
      context.beginPath()
      for (const line of this.#lines) if (line.kind === kind) addDots(context, line)
      context.fill()
    }
    context.fillStyle = this.#colours.failed
    for (const line of this.#lines) paintFailed(context, line)
  }
}

const radius = 2.2

function addDots(context: CanvasRenderingContext2D, line: Line): void {
  for (let index = line.failed; index < line.dots; index++) {
    const [x, y] = dotAt(line, index)
    context.moveTo(x + radius, y)
    context.arc(x, y, radius, 0, 2 * Math.PI)
  }
}

/** Failures are squares: no colour has to be told from another. */
function paintFailed(context: CanvasRenderingContext2D, line: Line): void {
  for (let index = 0; index < line.failed; index++) {
    const [x, y] = dotAt(line, index)
    context.fillRect(x - 3, y - 3, 6, 6)
  }
}

function dotAt({ track, offset, dots }: Line, index: number): readonly [number, number] {
  const { length, points } = track
  const last = points.length / 2 - 1
  const place = (((offset + (index * length) / dots) % length) / length) * last
  const at = Math.min(last - 1, Math.floor(place))
  const part = place - at
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = points.subarray(2 * at, 2 * at + 4)
  return [x1 + (x2 - x1) * part, y1 + (y2 - y1) * part]
}

function coloursOf(element: Element): Readonly<Record<FlowKind | 'failed', string>> {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    requests: colour('requests'),
    queries: colour('queries'),
    replication: colour('replication'),
    failed: colour('failed'),
  }
}
