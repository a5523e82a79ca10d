/* Every command, loaded when it is the one that was typed. */

export const climb: typeof import('./climb.ts').climb = async (...given) =>
  await (await import('./climb.ts')).climb(...given)

export const consoleCommand: typeof import('./console.ts').consoleCommand = async (...given) =>
  await (await import('./console.ts')).consoleCommand(...given)

export const dev: typeof import('./dev.ts').dev = async (...given) =>
  await (await import('./dev.ts')).dev(...given)

export const doctor: typeof import('./doctor.ts').doctor = async (...given) =>
  await (await import('./doctor.ts')).doctor(...given)

export const down: typeof import('./down.ts').down = async (...given) =>
  await (await import('./down.ts')).down(...given)

export const exec: typeof import('./exec.ts').exec = async (...given) =>
  await (await import('./exec.ts')).exec(...given)

export const init: typeof import('./init.ts').init = async (...given) =>
  await (await import('./init.ts')).init(...given)

export const kill: typeof import('./kill.ts').kill = async (...given) =>
  await (await import('./kill.ts')).kill(...given)

export const logs: typeof import('./logs.ts').logs = async (...given) =>
  await (await import('./logs.ts')).logs(...given)

export const heal: typeof import('./partition.ts').heal = async (...given) =>
  await (await import('./partition.ts')).heal(...given)

export const partition: typeof import('./partition.ts').partition = async (...given) =>
  await (await import('./partition.ts')).partition(...given)

export const pause: typeof import('./pause.ts').pause = async (...given) =>
  await (await import('./pause.ts')).pause(...given)

export const resume: typeof import('./pause.ts').resume = async (...given) =>
  await (await import('./pause.ts')).resume(...given)

export const planCommand: typeof import('./plan.ts').planCommand = async (...given) =>
  await (await import('./plan.ts')).planCommand(...given)

export const prove: typeof import('./prove.ts').prove = async (...given) =>
  await (await import('./prove.ts')).prove(...given)

export const release: typeof import('./release.ts').release = async (...given) =>
  await (await import('./release.ts')).release(...given)

export const undo: typeof import('./release.ts').undo = async (...given) =>
  await (await import('./release.ts')).undo(...given)

export const releaseList: typeof import('./release-list.ts').releaseList = async (...given) =>
  await (await import('./release-list.ts')).releaseList(...given)

export const sql: typeof import('./sql.ts').sql = async (...given) =>
  await (await import('./sql.ts')).sql(...given)

export const status: typeof import('./status.ts').status = async (...given) =>
  await (await import('./status.ts')).status(...given)

export const switchover: typeof import('./switchover.ts').switchover = async (...given) =>
  await (await import('./switchover.ts')).switchover(...given)

export const up: typeof import('./up.ts').up = async (...given) =>
  await (await import('./up.ts')).up(...given)
