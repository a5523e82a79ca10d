import type { Facts, Found, Rule } from '../../rule.ts'
import { callsOf } from '../look.ts'

const schedulers: Readonly<Record<string, readonly string[]>> = {
  'node-cron': ['schedule'],
  cron: ['CronJob'],
  'node-schedule': ['scheduleJob'],
  croner: ['Cron', 'default'],
  'toad-scheduler': ['ToadScheduler'],
  bree: ['default'],
}

export const cronInWeb: Rule = {
  id: 'cron-in-web',
  rungs: ['balanced'],
  severity: 'blocks',
  what: 'A scheduled job in a web process.',
  why: 'Every web server runs it, so that with two of them the job is done twice.',
  mend: "Move it into a service without routes, of which there is one: worker: { run: 'node src/worker.ts' }.",
  *find({ web }: Facts): Iterable<Found> {
    for (const source of web) {
      for (const { node, imported } of callsOf(source, Object.keys(schedulers))) {
        if (!schedulers[imported.module]?.includes(imported.name)) continue
        const what = `Each web server runs this job (${imported.module}).`
        yield { file: source.path, line: source.lineOf(node), what }
      }
    }
  },
}
