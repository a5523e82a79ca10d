import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, System, Topology } from '@banyan/model'
import { roomForProcesses } from './room-for-processes.ts'

const topologyWith = (services: number): Topology =>
  ({
    nodes: Array.from(
      { length: services },
      (_, at) => ({ name: `web-${at + 1}`, service: 'web' }) as Node,
    ),
  }) as unknown as Topology

const systemAt = (url: string | null): System =>
  ({ root: '/app', data: { url } }) as unknown as System

const learned = { keyType: null, connections: 200 }
const ours = systemAt(null)

test('as many processes as fit twice have room, one more has not', () => {
  const topology = topologyWith(1)
  assert.deepEqual(roomForProcesses({ learned, topology }, topologyWith(31), ours), [])
  const [reason = ''] = roomForProcesses({ learned, topology }, topologyWith(32), ours)
  assert.match(reason, /^32 processes of services would need 3 connections each/)
})

test('whoever asks for no more than runs already is not held up', () => {
  const topology = topologyWith(40)
  assert.deepEqual(roomForProcesses({ learned, topology }, topologyWith(40), ours), [])
  assert.deepEqual(roomForProcesses({ learned, topology }, topologyWith(33), ours), [])
})

test('of an adopted database a list of hosts is watched, and one host or a pooler is not', () => {
  const topology = topologyWith(1)
  const goal = topologyWith(4)
  const few = { keyType: null, connections: 25 }
  const list = systemAt('postgres://a@h1,h2/app')
  assert.equal(roomForProcesses({ learned: few, topology }, goal, list).length, 1)
  assert.deepEqual(
    roomForProcesses({ learned: { ...few, pooled: true }, topology }, goal, list),
    [],
  )
  const one = systemAt('postgres://a@h1/app')
  assert.deepEqual(roomForProcesses({ learned: few, topology }, goal, one), [])
})
