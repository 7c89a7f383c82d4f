import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileBacking, NvmeIo, NvmeStatus } from '@hostbridge/devices/endpoints'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nvmeScene, PAGE } from './driver.ts'

let folder = ''
let file = 0

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'nvme-'))
  const path = join(folder, 'disk')
  fs.writeFileSync(path, new Uint8Array(64 * 1024))
  file = fs.openSync(path, 'r+')
})

afterEach(() => {
  fs.rmSync(folder, { recursive: true })
})

describe('a disk in a file', () => {
  it('is what a guest reads and writes, zeroes and compares', () => {
    const { driver } = nvmeScene({ namespaces: [{ backing: new FileBacking(fs, file) }] })
    const [from, to] = [driver.pages(), driver.pages()]
    driver.fill(from, new Uint8Array(PAGE).fill(0x5a))
    driver.enable()
    driver.addQueues(1)
    const base = { namespace: 1, cdw10: 8, cdw12: 7 }

    const statuses = [
      driver.run(1, { opcode: NvmeIo.write, prp1: from, ...base }),
      driver.run(1, { opcode: NvmeIo.compare, prp1: from, ...base }),
      driver.run(1, { opcode: NvmeIo.writeZeroes, namespace: 1, cdw10: 9, cdw12: 0 }),
      driver.run(1, { opcode: NvmeIo.flush, namespace: 1 }),
      driver.run(1, { opcode: NvmeIo.read, prp1: to, ...base }),
    ].map(({ status }) => status)
    fs.closeSync(file)

    const expected = new Uint8Array(PAGE).fill(0x5a).fill(0, 512, 1024)
    expect(statuses).toEqual([0, 0, 0, 0, 0])
    expect(driver.look(to, PAGE)).toEqual(expected)
    const inFile = fs.readFileSync(join(folder, 'disk'))
    expect(new Uint8Array(inFile.subarray(8 * 512, 8 * 512 + PAGE))).toEqual(expected)
    expect(inFile).toHaveLength(64 * 1024)
  })

  it('that the host cannot read fails commands, and nothing else', () => {
    const backing = new FileBacking(fs, file)
    const { driver } = nvmeScene({ namespaces: [{ backing }] })
    driver.enable()
    driver.addQueues(1)
    fs.closeSync(file)

    const statuses = [NvmeIo.read, NvmeIo.write, NvmeIo.flush].map((opcode) => {
      return driver.run(1, { opcode, namespace: 1, prp1: driver.pages() }).status
    })

    expect(statuses).toEqual([NvmeStatus.unrecoveredReadError, NvmeStatus.writeFault, NvmeStatus.writeFault])
  })

  it('that was cut reads 0 behind its end', () => {
    const backing = new FileBacking(fs, file)
    const bytes = new Uint8Array(1024).fill(1)
    fs.ftruncateSync(file, 512)

    const result = backing.read(0, bytes)
    fs.closeSync(file)

    expect([result, bytes.some((byte) => byte !== 0)]).toEqual(['done', false])
  })

  it('on a full host tells that there is no room', () => {
    const full = { ...fs, writeSync: () => throwing('ENOSPC') }

    const result = new FileBacking(full, file).write(0, new Uint8Array(512))
    fs.closeSync(file)

    expect(result).toBe('full')
  })
})

function throwing(code: string): never {
  throw Object.assign(new Error(code), { code })
}
