/** The public face for everybody who asks control: the command line, the console, tests. */

export { type ConfigFile, configOf } from '../adopt/config-text.ts'

export type { AdoptedApp, Adoption, AppFiles, Note } from '../adopt/types.ts'
export { type Attached, detach } from '../attached/attachments.ts'
export type * from '../console/types.ts'
export { sayFiles } from '../dev/say-change.ts'
export type { DiagnoseOptions } from '../doctor/diagnose.ts'
export type { Check as DoctorCheck } from '../doctor/environment/check.ts'
export { diagnose } from '../doctor/open.ts'
export type { Finding } from '../doctor/rule.ts'
export type { Diagnosis } from '../doctor/types.ts'
export type { ExecRequest, OpenExec } from '../exec/open-exec.ts'
export { untilHolderEnded } from '../holder/end-holder.ts'
export { findHolder } from '../holder/holder-file.ts'
export { followFile, sizeOf } from '../logs/follow.ts'
export { lastLines } from '../logs/tail.ts'
export type { Doomed } from '../offline/destroy.ts'
export type { Snapshot, SnapshotRequest } from '../releases/snapshot/types.ts'
export { isSameProcess, type ProcessIdentity, untilEnded } from '../sites/identity.ts'
export { inspectStateDirectory } from '../state/directory.ts'
export { logFileOf, type StatePaths, statePaths } from '../state/paths.ts'
export type { SqlResult, SqlRole, SqlSession } from './connect-sql.ts'
export { ControlClient } from './control-client.ts'
export { findControl } from './find-control.ts'
export {
  attachTo,
  connectSql,
  destroy,
  judgeApp,
  listAdopted,
  listDoomed,
  loadForDev,
  loadSystem,
  observeOffline,
  openExec,
  planClimb,
  prepareUp,
  proofAccess,
  readApp,
  releasesOffline,
  startControl,
  stopOffline,
  takeSnapshot,
} from './on-demand.ts'
export type { PlannedClimb } from './plan-climb.ts'
export type { PreparedUp, UpRequest } from './prepare-up.ts'
export type { ProofAccess } from './proof-access.ts'
export { errorOf, reportOf } from './report.ts'
export type { StartedControl } from './start-control.ts'
export type * from './types.ts'
export { withMembers } from './with-members.ts'
