import { FieldReader, isRecord } from './field-reader.ts'
import { nearestName } from './nearest-name.ts'
import type { DataSystem, Durability } from './system.ts'

type Replicas = Pick<DataSystem, 'replicas' | 'synchronous' | 'lagBytesMax'>

const replicasMax = 8

/** What holds where a config says nothing: any one member may die, and nothing acknowledged is lost. */
export const defaultReplicas: Replicas = {
  replicas: 2,
  synchronous: { quorum: 1, durability: 'required' },
  lagBytesMax: 16_777_216,
}

/** Reads what `data` says of the copies of the database. */
export const readReplicas = (fields: FieldReader): Replicas => {
  const { replicas: usual, lagBytesMax } = defaultReplicas
  const replicas = fields.integer('replicas', { min: 1, max: replicasMax, unit: 'replicas' }, usual)
  return {
    replicas,
    synchronous: readSynchronous(fields, replicas),
    lagBytesMax: fields.integer(
      'lagBytesMax',
      { min: 1024, max: 1_099_511_627_776, unit: 'bytes' },
      lagBytesMax,
    ),
  }
}

const readSynchronous = (data: FieldReader, replicas: number): Replicas['synchronous'] => {
  const usual = defaultReplicas.synchronous
  const value = data.value('synchronous')
  if (value === undefined) return usual
  if (!isRecord(value)) {
    data.fault('synchronous', {
      expected: 'what a commit waits for',
      mend: "write synchronous: { quorum: 1, durability: 'required' }, or leave it out",
    })
    return usual
  }
  const fields = new FieldReader(data.faults, data.pathOf('synchronous'), value)
  fields.faults.checkKeys(fields.path, value, ['quorum', 'durability'])
  return { quorum: readQuorum(fields, replicas), durability: readDurability(fields) }
}

/** More than there are could never confirm; exactly as many could not once one of them is dead. */
const readQuorum = (fields: FieldReader, replicas: number): number => {
  const quorum = fields.integer('quorum', { min: 1, max: replicasMax, unit: 'replicas' }, 1)
  if (quorum > replicas) {
    fields.fault('quorum', {
      expected: `at most as many as there are replicas, ${replicas}`,
      mend: `write quorum: ${Math.max(1, replicas - 1)}, or more replicas: with as many as the quorum, the death of one blocks all writes (durability: 'required')`,
    })
  }
  return quorum
}

const durabilities: readonly Durability[] = ['required', 'preferred']

const readDurability = (fields: FieldReader): Durability => {
  const usual = defaultReplicas.synchronous.durability
  const value = fields.value('durability')
  if (value === undefined) return usual
  const known = durabilities.find((one) => one === value)
  if (known !== undefined) return known
  const near = typeof value === 'string' ? nearestName(value, durabilities) : null
  fields.fault('durability', {
    expected:
      '"required" (writes wait until a replica can confirm them) or "preferred" (they go on)',
    mend: near ? `did you mean ${near}?` : "write durability: 'required', or leave it out",
  })
  return usual
}
