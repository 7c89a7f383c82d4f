import { MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { Hcall, HcallStatus, Hypercalls, Rtas, RtasToken, SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'
import { BUFFER, firmwareScene, readCells, Status, UNTOUCHED, writeCells } from './firmware-scene.ts'

const TOKEN = 0x1234

/** Firmware of one call, `sum`, of up to 16 arguments: it returns status 0, their sum and their number. */
function build(counts: { args?: number; results?: readonly number[] } = {}) {
  const machine = new Machine('m')
  machine.map(0n, ram('ram', 1n * MiB))
  const rtas = new Rtas(() => machine.space)
  const sum = { name: 'sum', wrongCount: -3, ...counts }
  rtas.register(TOKEN, {
    ...sum,
    run: (args) => [0, args.reduce((total, word) => total + word, 0), args.length],
  })
  return { machine, rtas }
}

describe('a firmware call', () => {
  it('is a buffer of big-endian cells: token, counts, arguments, and the results behind them, status first (RT-1)', () => {
    const { machine, rtas } = build()
    writeCells(machine.space, BUFFER, [TOKEN, 2, 3, 0x0102_0304, 0x10, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED])

    const status = rtas.hcall(BUFFER)

    expect(status).toBe(HcallStatus.success)
    expect(readCells(machine.space, BUFFER + 12n, 6)).toEqual([0x0102_0304, 0x10, 0, 0x0102_0314, 2, UNTOUCHED])
    const first = new Uint8Array(4)
    machine.space.read(BUFFER + 12n, first)
    expect([...first]).toEqual([1, 2, 3, 4])
  })

  it('may have its arguments and its results anywhere (RT-1)', () => {
    const { machine, rtas } = build()
    writeCells(machine.space, 0x2000n, [1, 2, 3])

    const status = rtas.call(TOKEN, 3, 0x2000n, 2, 0x3000n)

    expect([status, ...readCells(machine.space, 0x3000n, 2)]).toEqual([0, 0, 6])
  })

  it('of an unknown token has status -3, and so has the hypercall its parameter error (RT-1)', () => {
    const { call } = firmwareScene()

    expect(call(0x2011, [1, 2, 3], 4)).toEqual({ hcall: -4, results: [Status.parameter] })
    expect(call(0, [], 1)).toEqual({ hcall: -4, results: [Status.parameter] })
  })

  it('has one of these tokens (RT-2)', () => {
    const { calls } = new Hypercalls().rtas

    const names = [...calls].map(([token, { name }]) => `${token.toString(16)} ${name}`)

    expect(names.sort()).toEqual([
      '200e check-exception',
      '200f event-scan',
      '2010 ibm,set-tce-bypass',
      '2014 read-pci-config',
      '2015 write-pci-config',
      '2016 ibm,read-pci-config',
      '2017 ibm,write-pci-config',
      '2018 ibm,query-interrupt-source-number',
      '2019 ibm,change-msi',
      '201a set-indicator',
      '201d get-sensor-state',
      '201e ibm,configure-connector',
      '2026 ibm,query-pe-dma-window',
      '2027 ibm,create-pe-dma-window',
      '2028 ibm,remove-pe-dma-window',
      '2029 ibm,reset-pe-dma-window',
    ])
  })

  it('writes its status alone where it fails, whatever it could return (RT-5)', () => {
    const { machine, rtas } = build({ args: 2, results: [3] })
    writeCells(machine.space, BUFFER, [TOKEN, 1, 3, 7, UNTOUCHED, UNTOUCHED, UNTOUCHED])

    const status = rtas.hcall(BUFFER)

    expect(status).toBe(HcallStatus.success)
    expect(readCells(machine.space, BUFFER + 16n, 3)).toEqual([Status.parameter, UNTOUCHED, UNTOUCHED])
  })

  it('takes the counts that it says, and no more than 16 of each', () => {
    const counted = build({ args: 1, results: [1, 3] })
    const free = build()
    const statusOf = ({ machine, rtas }: typeof free, args: number, results: number): number => {
      rtas.call(TOKEN, args, 0x2000n, results, 0x3000n)
      return readCells(machine.space, 0x3000n, 1)[0] as number
    }

    expect([statusOf(counted, 1, 1), statusOf(counted, 1, 3)]).toEqual([0, 0])
    expect([statusOf(counted, 1, 2), statusOf(counted, 0, 1), statusOf(counted, 2, 1)]).toEqual(
      new Array(3).fill(Status.parameter),
    )
    expect([statusOf(free, 16, 16), statusOf(free, 17, 1), statusOf(free, 1, 17)]).toEqual([
      0,
      Status.parameter,
      Status.parameter,
    ])
  })

  it('returns as many cells as it is asked for, none among them', () => {
    const { machine, rtas } = build()
    writeCells(machine.space, 0x3000n, [UNTOUCHED, UNTOUCHED])

    rtas.call(TOKEN, 0, 0x2000n, 0, 0x3000n)
    const none = readCells(machine.space, 0x3000n, 1)
    rtas.call(TOKEN, 0, 0x2000n, 1, 0x3000n)

    expect(none).toEqual([UNTOUCHED])
    expect(readCells(machine.space, 0x3000n, 2)).toEqual([0, UNTOUCHED])
  })

  it.each([2n ** 64n - 4n, 2n ** 64n - 12n, 2n ** 64n - 1n, 2n ** 63n])('at %s throws nothing', (buffer) => {
    const { phb } = firmwareScene()

    expect(phb.hypercalls.hcall(Hcall.rtas, [buffer]).status).toBe(HcallStatus.parameter)
  })

  it('wraps at the end of memory', () => {
    const machine = new Machine('m')
    machine.map(0n, ram('low', 1n * MiB))
    machine.map(2n ** 64n - 0x1000n, ram('high', 0x1000n))
    const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
    writeCells(machine.space, 2n ** 64n - 12n, [0x9999, 0, 1])

    expect(phb.hypercalls.rtas.hcall(2n ** 64n - 12n)).toBe(HcallStatus.parameter)
    expect(readCells(machine.space, 0n, 1)).toEqual([Status.parameter])
  })

  it('is nothing to call while there is no machine', () => {
    expect(new Hypercalls().rtas.hcall(0n)).toBe(HcallStatus.parameter)
  })

  it('cannot have the token of another', () => {
    const { rtas } = build()

    expect(() => rtas.register(TOKEN, { name: 'other', wrongCount: -1, run: () => [0] })).toThrowError(
      "'other' cannot have RTAS token 0x1234: 'sum' has it",
    )
    expect(rtas.calls.get(RtasToken.changeMsi)).toBeUndefined()
  })
})
