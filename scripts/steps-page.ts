import {
  describeStep,
  emptyState,
  emptyTopology,
  type Goal,
  type Ground,
  plan,
  resolveSystem,
  type State,
  type Step,
  type StepDescription,
  type StepKind,
  simulate,
  stepTable,
  topologyOf,
} from '../packages/model/src/index.ts'

/** A system as small as can be that knows every kind of step. */
const groundOf = (url?: string): Ground => ({
  system: resolveSystem(
    {
      name: 'notes',
      services: { web: { run: 'node src/web.ts', routes: ['/'] } },
      data: url === undefined ? {} : { url },
    },
    { root: '/srv/notes' },
  ),
  machine: { cpus: 4, memoryMb: 8192 },
  hosts: ['local-1', 'local-2'].map((name, index) => ({
    name,
    site: 'local',
    region: 'local',
    zone: 'local',
    address: `127.0.0.${index + 1}`,
  })),
  ports: { 'db-1': 5432, 'web-1': 8081, 'web-2': 8081, 'gateway-1': 8082 },
  plain: [],
  balancer: 'gateway',
})

const on = (rung: string, ground = groundOf()): Goal => ({
  topology: topologyOf([rung], ground),
  release: 'r1',
  power: 'on',
})

const gone: Goal = { topology: emptyTopology, release: 'r1', power: 'off', destroyData: true }

const moved = (ground: Ground): Ground => ({
  ...ground,
  hosts: ground.hosts.map((host) => ({ ...host, address: host.address.replace('127.0', '127.9') })),
})

/** What a way through several goals consists of, and where it ends. */
const walk = (goals: readonly Goal[], start: State = emptyState) => {
  const steps: { readonly step: Step; readonly description: StepDescription }[] = []
  let state = start
  for (const goal of goals) {
    for (const step of plan(state, goal)) {
      steps.push({ step, description: describeStep(state, step) })
      state = simulate(state, step)
    }
  }
  return { steps, state }
}

const kinds = Object.keys(stepTable) as StepKind[]

/** One step of each kind, as it stands in the plan of a climb that is really made. */
const examples = (): ReadonlyMap<StepKind, StepDescription> => {
  const own = [on('single'), on('balanced'), on('single'), on('single', moved(groundOf())), gone]
  const adopted = [on('single', groundOf('postgres://ann@db.example/notes')), gone]
  const found = new Map<StepKind, StepDescription>()
  for (const { description } of [...walk(own).steps, ...walk(adopted).steps]) {
    if (!found.has(description.kind)) found.set(description.kind, description)
  }
  return found
}

const kindRow = (kind: StepKind, example: StepDescription | undefined): string => {
  if (example === undefined) throw new Error(`No climb of the page has a step ${kind}.`)
  return `| \`${kind}\` | ${example.sentence} | ${stepTable[kind].requires} | ${example.undo} |`
}

const climbTable = (steps: readonly { readonly description: StepDescription }[]): string =>
  steps
    .map(({ description: { sentence, undo } }, index) => `| ${index + 1} | ${sentence} | ${undo} |`)
    .join('\n')

/** A chain of steps from one rung to another. */
const chain = (
  from: string,
  to: string,
  letter: string,
  steps: readonly { readonly description: StepDescription }[],
): string => {
  const names = steps.map((_step, index) => `${letter}${index + 1}`)
  const boxes = steps.map(
    ({ description }, index) => `  ${names[index]}["${description.sentence}"]`,
  )
  return [...boxes, `  ${[from, ...names, to].join(' --> ')}`].join('\n')
}

/** The page of the steps, in the order of the alphabet, with the climbs between `single` and `balanced`. */
export const stepsPage = (head: string): string => {
  const start = walk([on('single')]).state
  const grow = walk([on('balanced')], start)
  const shrink = walk([on('single')], grow.state)
  const found = examples()
  return `# Steps

<!-- ${head} -->

A climb is done in steps. \`banyan plan\` shows them, \`banyan grow\` and \`banyan shrink\` do them one after
another, and each is looked for anew in what is there: nothing is done because an earlier look promised it.
After every step whoever was answered before it is answered still. A climb that cannot go on turns back: it
is planned again with the place that it came from as its goal.

## From \`single\` to \`balanced\` and back

\`\`\`mermaid
flowchart TD
  single([single])
  balanced([balanced])
${chain('single', 'balanced', 'g', grow.steps)}
${chain('balanced', 'single', 's', shrink.steps)}
\`\`\`

\`banyan grow balanced\`:

| | step | taken back by |
|---|---|---|
${climbTable(grow.steps)}

\`banyan shrink balanced\`:

| | step | taken back by |
|---|---|---|
${climbTable(shrink.steps)}

## Every kind of step

| kind | for example | needs | taken back by |
|---|---|---|---|
${[...kinds]
  .sort()
  .map((kind) => kindRow(kind, found.get(kind)))
  .join('\n')}

A node that has to stop before it can change, and that nobody else replaces meanwhile, gets a stand-in: a
node of the same kind beside it, named \`web-1-stand-in\`, which is placed and started before and stopped and
removed after.
`
}
