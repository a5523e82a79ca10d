import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scramVerifier, verifies } from './scram.ts'

test('a verifier is the one that PostgreSQL computes for the same salt', () => {
  // RFC 7677's example: password "pencil", its salt, 4,096 iterations; its signatures follow from it.
  const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))
  assert.equal(
    verifier,
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  )
})

test('a verifier belongs to its password alone', () => {
  const verifier = scramVerifier('secret')
  assert.ok(verifies(verifier, 'secret'))
  assert.ok(!verifies(verifier, 'Secret'))
  assert.ok(!verifies(null, 'secret'))
  assert.ok(!verifies('md5d41d8cd98f00b204e9800998ecf8427e', 'secret'))
})

test('two verifiers of one password differ by their salt', () => {
  assert.notEqual(scramVerifier('secret'), scramVerifier('secret'))
})
