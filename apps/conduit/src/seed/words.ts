import type { Random } from './random.ts'

const given =
  'ada alan barbara claude donald edsger frances grace hedy ivan joan ken leslie margaret niklaus ole peter radia sophie tony ursula vera whitfield yukihiro zora'
const family =
  'aldrin borg curie dijkstra euler fermat gauss hopper ito jones kahn liskov mccarthy noether ohm perlman quine ritchie shannon turing ulam voss wirth yao zuse'
const adjectives =
  'quiet sudden honest ancient gentle curious hidden patient golden restless simple distant brave plain clever lucky early narrow careful open'
const nouns =
  'river garden signal lantern harbor compass market engine library mountain window kitchen machine forest bridge letter island orchard winter journal'
const sentences = [
  'Nobody had planned for the second week',
  'The first version was written in an afternoon',
  'What helped was a list on the kitchen wall',
  'It takes longer than one would think, and then it is suddenly there',
  'We measured it twice and believed the slower number',
  'There is a small café at the corner where most of this was decided',
  'The old way still works, which is the trouble with it',
  'Everything that could wait did wait',
  'In the end the simplest thing was right',
  'A friend in 東京 sent a photograph of hers',
]
const subjects =
  'travel cooking science history music gardening cycling chess design physics poetry sailing typescript postgres birds running coffee economics astronomy woodwork'

const list = (text: string): readonly string[] => text.split(' ')
const lists = {
  given: list(given),
  family: list(family),
  adjectives: list(adjectives),
  nouns: list(nouns),
  subjects: list(subjects),
}
const one = (random: Random, words: readonly string[]): string =>
  words[random.below(words.length)] as string
const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

/** A name that no other number has: `ada.turing.2s`. */
export const username = (random: Random, number: number): string =>
  `${one(random, lists.given)}.${one(random, lists.family)}.${number.toString(36)}`

export const bio = (random: Random): string =>
  `Writes about ${one(random, lists.subjects)} and ${one(random, lists.subjects)}.`

export const title = (random: Random): string =>
  `The ${one(random, lists.adjectives)} ${one(random, lists.nouns)} and ${one(random, lists.adjectives)} ${one(random, lists.subjects)}`

export const sentence = (random: Random): string => `${one(random, sentences)}.`

/** Two to five paragraphs. */
export const body = (random: Random): string =>
  Array.from({ length: 2 + random.below(4) }, () => paragraph(random)).join('\n\n')

const paragraph = (random: Random) =>
  Array.from({ length: 2 + random.below(4) }, () => sentence(random)).join(' ')

/** The tag of a rank: the first are plain subjects, the later ones subjects with a number. */
export const tag = (rank: number): string => {
  const subject = lists.subjects[rank % lists.subjects.length] as string
  const round = Math.floor(rank / lists.subjects.length)
  return round === 0 ? subject : `${subject}-${round}`
}

/** What the celebrity is called. */
export const celebrityName = (suffix: string): string => `celebrity${suffix}`

export const headline = (random: Random, number: number): string =>
  `${capital(title(random))}, part ${number}`
