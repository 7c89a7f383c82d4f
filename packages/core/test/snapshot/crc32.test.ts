import { crc32 as oracle } from 'node:zlib'
import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { expect } from 'vitest'
import { crc32 } from '../../src/snapshot/crc32.ts'

property.prop([fc.uint8Array({ maxLength: 200 })])('is the CRC-32 that zip files have', (bytes) => {
  expect(crc32(bytes)).toBe(oracle(bytes))
})
