import { styleText } from 'node:util'

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'dim' | 'bold'

/** Colours a text where the stream is a terminal that wants it; pipes and NO_COLOR get plain text. */
export function paint(
  colour: Colour,
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string {
  return styleText(colour, text, { stream })
}

const nodeColours: readonly Colour[] = ['cyan', 'magenta', 'green', 'blue', 'yellow']

/** The colour of a node: always the same for the same name. */
export function colourOf(node: string): Colour {
  let sum = 0
  for (const letter of node) sum = (sum * 31 + letter.charCodeAt(0)) % 997
  return nodeColours[sum % nodeColours.length] ?? 'cyan'
}

/** `0.61 s`, `95 ms`. */
export function sayDuration(milliseconds: number): string {
  return milliseconds < 100
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1000).toFixed(2)} s`
}
