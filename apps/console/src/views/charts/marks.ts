import type { Mark } from '@banyan/store/api'

/** Marks that stand too close to be told apart, as one. */
export type Cluster = { readonly place: number; readonly marks: readonly Mark[] }

/** What each kind is called, and the sign that it has besides its colour. */
export const kinds: Readonly<
  Record<Mark['kind'], { readonly name: string; readonly sign: string }>
> = {
  climb: { name: 'climb', sign: '▲' },
  release: { name: 'release', sign: '◆' },
  fault: { name: 'fault', sign: '✕' },
  promotion: { name: 'promotion', sign: '★' },
  node: { name: 'node', sign: '●' },
}

/**
 * The marks of a window from left to right, at places from 0 to 1. Whatever lasted into the window stands at its
 * beginning; `apart` is how far two signs have to be from each other.
 */
export const clustersOf = (
  marks: readonly Mark[],
  window: { readonly from: number; readonly to: number },
  apart: number,
): readonly Cluster[] => {
  const clusters: { place: number; marks: Mark[] }[] = []
  for (const mark of marks.toSorted((a, b) => a.at - b.at)) {
    if (mark.at >= window.to || (mark.until ?? mark.at) < window.from) continue
    const place = Math.max(0, (mark.at - window.from) / (window.to - window.from))
    const last = clusters.at(-1)
    if (last !== undefined && place - last.place < apart) last.marks.push(mark)
    else clusters.push({ place, marks: [mark] })
  }
  return clusters
}
