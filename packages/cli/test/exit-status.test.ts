import { HostbridgeError } from '@hostbridge/core'
import { expect, test } from 'vitest'
import { ExitStatus, exitStatusOf } from '../src/exit-status.ts'

test.each([
  ['bench.case', ExitStatus.checkFailed],
  ['bench.runs', ExitStatus.checkFailed],
  ['replay.shard-failed', ExitStatus.checkFailed],
  ['bench.unknown-case', ExitStatus.damagedInput],
  ['trace.damaged', ExitStatus.damagedInput],
])('an error of code %s ends a command with status %i', (code, status) => {
  expect(exitStatusOf(new HostbridgeError(code, 'why'))).toBe(status)
})
