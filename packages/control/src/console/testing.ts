/** For tests of the console: its server, as control has it, over a system that is made up. */

export { type MadeUpConsole, type MadeUpOptions, serveMadeUp } from './made-up/serve.ts'
export { MadeUpSystem } from './made-up/system.ts'
