import { KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { MemTx, ram } from '@hostbridge/core/memory'
import { us } from '@hostbridge/core/time'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'

/** A pseries machine with 16 MiB of RAM whose page 0x4000 is mapped at bus address 0x1000. */
function build(): { machine: Machine; phb: SpaprHostBridge; engine: DmaEngine } {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 16n * MiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  phb.window.put(0x1000n, { to: 0x4000n, access: 'rw' })
  return { machine, phb, engine: phb.plug('00:01.0', new DmaEngine({ latency: 5n * us })) }
}

describe('a DMA engine', () => {
  it('writes and reads guest memory at once, through the IOMMU of its bus', () => {
    const { machine, engine } = build()
    const inMemory = new Uint8Array(4)

    const written = engine.write(0x1ffcn, Uint8Array.of(1, 2, 3, 4))
    const read = engine.read(0x1ffdn, 3)
    machine.space.read(0x4ffcn, inMemory)

    expect(written).toBe(MemTx.ok)
    expect(read).toEqual({ result: MemTx.ok, bytes: Uint8Array.of(2, 3, 4) })
    expect([...inMemory]).toEqual([1, 2, 3, 4])
  })

  it('reports what is not mapped by its result and a fault record', () => {
    const { engine } = build()

    const { result, bytes } = engine.read(0x1ffen, 4)

    expect([result, ...bytes]).toEqual([MemTx.decodeError, 0, 0, 0, 0])
    expect(engine.faults.last).toMatchObject({ requester: 8, iova: 0x2000n, access: 'read', time: 0n })
  })

  it('completes a timed transfer after its latency, with status and interrupt', () => {
    const { machine, engine } = build()
    const log: unknown[] = []
    engine.irq.connect((raised) => log.push([machine.now, raised]))

    const transfer = engine.start({ direction: 'write', iova: 0x1000n, bytes: Uint8Array.of(9) })

    expect(transfer).toMatchObject({ status: 'pending', started: 0n, due: 5000n })
    expect(engine.pending).toEqual([transfer])
    machine.run()
    expect(transfer).toMatchObject({ status: 'done', result: MemTx.ok })
    expect([engine.completed, engine.pending]).toEqual([1, []])
    engine.acknowledge()
    expect(log).toEqual([
      [5000n, true],
      [5000n, false],
    ])
  })

  it('keeps several transfers under way, each with its own latency', () => {
    const { machine, engine } = build()
    const order: string[] = []
    const start = (name: string, latency: bigint): void => {
      const transfer = engine.start({ direction: 'read', iova: 0x1000n, bytes: new Uint8Array(8), latency })
      machine.at(transfer.due, () => order.push(`${name} ${transfer.status}`))
    }

    start('slow', 30n)
    start('fast', 10n)
    start('instant', 0n)
    machine.run()

    expect(order).toEqual(['instant done', 'fast done', 'slow done'])
  })

  it('completes a transfer that failed as failed, the fault recorded when it started', () => {
    const { machine, engine } = build()
    machine.at(100n, () => engine.start({ direction: 'write', iova: 64n * KiB, bytes: new Uint8Array(1) }))

    machine.run()

    expect([engine.completed, engine.faults.total, engine.faults.last?.time]).toEqual([1, 1, 100n])
  })

  it('gives up what is under way when it is unplugged or reset, and raises nothing', () => {
    const { machine, phb, engine } = build()
    const request = { direction: 'read', iova: 0x1000n, bytes: new Uint8Array(1) } as const
    engine.start(request)
    machine.run()
    const first = engine.start(request)
    machine.reset()
    phb.window.put(0x1000n, { to: 0x4000n, access: 'rw' })
    const second = engine.start(request)

    phb.unplug(engine)
    machine.run()

    expect([first.status, second.status]).toEqual(['cancelled', 'cancelled'])
    expect([engine.irq.raised, engine.completed, machine.queue.size]).toEqual([false, 0, 0])
  })

  it('goes on after save and restore where it was, on a machine of the same composition', () => {
    const { machine, engine } = build()
    engine.start({ direction: 'write', iova: 0x1000n, bytes: Uint8Array.of(1) })
    machine.run()
    engine.start({ direction: 'read', iova: 0x1000n, bytes: new Uint8Array(2) })
    machine.run({ until: 7n * us })
    const state = machine.save()
    const copy = build()

    copy.machine.restore(state)

    expect(copy.engine.irq.raised).toBe(true)
    expect(copy.engine.completed).toBe(1)
    expect(copy.engine.pending).toMatchObject([{ direction: 'read', due: 10n * us, bytes: Uint8Array.of(1, 0) }])
    copy.machine.run()
    expect([copy.machine.now, copy.engine.completed]).toEqual([10n * us, 2])
  })

  it('moves nothing for a transfer that were to complete before it starts', () => {
    const { machine, engine } = build()

    const start = (): unknown => {
      return engine.start({ direction: 'write', iova: 0x1000n, bytes: Uint8Array.of(9), latency: -1n })
    }

    expect(start).toThrowError(/cannot complete a transfer 1 ticks before it starts/)
    expect([engine.pending.length, machine.queue.size, engine.read(0x1000n, 1).bytes[0]]).toEqual([0, 0, 0])
  })

  it('starts nothing that takes time while nobody uses it', () => {
    const engine = new DmaEngine()

    expect(() => engine.start({ direction: 'read', iova: 0n, bytes: new Uint8Array(1) })).toThrowError(
      /'dma-engine' cannot start a transfer that takes time: it is in no machine/,
    )
  })
})
