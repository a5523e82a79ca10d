import { runSeed } from './run-seed.ts'

// node tests/sim/explore.ts FROM COUNT: runs seeds and prints the first that fails, whole.
const [from = '1', count = '200'] = process.argv.slice(2)
const begin = process.hrtime.bigint()
let promotions = 0
let acknowledged = 0
const failed: string[] = []
for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
  const outcome = await runSeed(seed)
  promotions += outcome.promotions
  acknowledged += outcome.acknowledged
  if (outcome.error !== null) {
    if (failed.length === 0) console.log(outcome.trace.join('\n'))
    failed.push(`${seed}: ${outcome.error.message}`)
  }
}
const seconds = Number(process.hrtime.bigint() - begin) / 1e9
console.log(failed.join('\n'))
console.log({
  failed: failed.length,
  seconds,
  promotions,
  acknowledged,
  perMinute: (Number(count) / seconds) * 60,
})
