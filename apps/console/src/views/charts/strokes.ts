/*
 * The colours of lines, which people tell apart however they see colours. A name stands at the end of each line as
 * well; the last ones, of which there are seldom any, have a pattern besides.
 */

export type Stroke = { readonly token: string; readonly dash: readonly number[] }

export const strokes: readonly Stroke[] = [
  { token: '--series-1', dash: [] },
  { token: '--series-2', dash: [] },
  { token: '--series-3', dash: [] },
  { token: '--series-4', dash: [] },
  { token: '--series-5', dash: [6, 3] },
  { token: '--series-6', dash: [6, 3] },
  { token: '--series-7', dash: [6, 3] },
]

export const strokeAt = (index: number): Stroke =>
  strokes[index % strokes.length] ?? { token: '--series-1', dash: [] }
