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

const databasePorts = { 'db-1': 5432, 'db-2': 5432, 'db-3': 5432, 'db-4': 5432 }

/** A system as small as can be that knows every kind of step. */
const groundOf = (url?: string, balancer: Ground['balancer'] = 'gateway'): Ground => ({
  system: resolveSystem(
    {
      name: 'notes',
      services: { web: { run: 'node src/web.ts', routes: ['/'] } },
      data: url === undefined ? {} : { url },
    },
    { root: '/srv/notes' },
  ),
  machine: { cpus: 4, memoryMb: 8192 },
  hosts: Array.from({ length: 5 }, (_, index) => ({
    name: `local-${index + 1}`,
    site: 'local',
    region: 'local',
    zone: 'local',
    address: `127.0.0.${index + 1}`,
  })),
  ports: { ...databasePorts, 'web-1': 8081, 'web-2': 8081, 'gateway-1': 8082, 'haproxy-1': 8083 },
  plain: [],
  balancer,
})

const on = (rungs: string, ground = groundOf()): Goal => ({
  topology: topologyOf(rungs.split(' '), ground),
  release: 'r1',
  power: 'on',
})

/** A release with everything that one can bring along. */
const release = (rung: string): Goal => ({
  ...on(rung),
  release: 'r2',
  builds: true,
  trial: true,
  contracts: true,
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
  const own = [
    on('single'),
    on('balanced'),
    on('single'),
    on('single', moved(groundOf())),
    on('balanced'),
    release('balanced'),
    on('split'),
    on('replicated'),
    gone,
  ]
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
  const released = walk([release('balanced')], grow.state)
  const onSingle = walk([release('single')], start)
  const exchanged = walk([on('balanced', groundOf(undefined, 'haproxy'))], grow.state)
  const split = walk([on('split')], start)
  const replicated = walk([on('replicated')], start)
  const gathered = walk([on('single')], walk([on('split replicated')], start).state)
  const found = examples()
  return `# Steps

<!-- ${head} -->

A climb is done in steps. \`banyan plan\` shows them, \`banyan grow\`, \`banyan shrink\` and \`banyan release\`
do them one after another, and each is looked for anew in what is there: nothing is done because an earlier
look promised it. After every step whoever was answered before it is answered still. A climb that cannot go
on turns back: it is planned again with the place that it came from as its goal.

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

## The database moves, and gets copies

\`banyan grow split\`, from \`single\`. Of the steps, one is felt: while the writes change over, they wait.

| | step | taken back by |
|---|---|---|
${climbTable(split.steps)}

\`banyan grow replicated\`, from \`single\`, with two copies:

| | step | taken back by |
|---|---|---|
${climbTable(replicated.steps)}

Both given up at once, \`banyan shrink split replicated\`:

| | step | taken back by |
|---|---|---|
${climbTable(gathered.steps)}

All of it comes after what the app is made of, and asks one thing only: that the primary runs. When that
one dies on the way, another member takes over or it comes back, and the climb is planned again from there;
[how that is decided](../designs/replicated.md) is no matter of steps.

## A release

\`banyan release\` on \`balanced\`, of a system with \`build:\` and with contract migrations. The steps of what
a release does not have are left out, and \`banyan undo\` takes the same way with neither build nor trial:

| | step | taken back by |
|---|---|---|
${climbTable(released.steps)}

On \`single\` the stand-in accepts beside the process that it is tried against, from the same public socket:

| | step | taken back by |
|---|---|---|
${climbTable(onSingle.steps)}

Whatever fails before the release is recorded as live turns the climb back: it is planned again with the
release before as its goal. A release that changes the rungs, the services or the balancer as well is one
plan; [how releases go](../designs/releases.md) says what holds at every moment, and what if who dies.

## From one balancer to the other

\`banyan grow balanced --balancer haproxy\`, and the same way back:

| | step | taken back by |
|---|---|---|
${climbTable(exchanged.steps)}

## Every kind of step

| kind | for example | needs | taken back by |
|---|---|---|---|
${[...kinds]
  .sort()
  .map((kind) => kindRow(kind, found.get(kind)))
  .join('\n')}

A node that has to stop before it can change, and that nobody else replaces meanwhile, gets a stand-in: a
node of the same kind beside it, named \`web-1-stand-in\`, which is placed and started before and stopped and
removed after. In a release every service with routes has one, until its last process has changed.
`
}
