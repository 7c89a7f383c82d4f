import { hex } from '../address/range.ts'
import { Iommu } from '../iommu/iommu.ts'
import type { MemoryRegion } from '../memory/memory-region.ts'
import type { MmioPort } from '../memory/mmio-port.ts'
import type { SimEvent } from '../time/event.ts'
import type { Trace } from '../trace/trace.ts'
import type { TraceCategory, TraceRecord } from '../trace/trace-record.ts'
import type { Device } from './device.ts'
import type { Machine } from './machine.ts'

/**
 * Lets a trace take down what happens in a machine: events, accesses to registers, DMA, interrupts, mappings of IOMMUs,
 * faults, plugs, unplugs and resets. Returns what ends that. Nothing that happens is changed by it.
 */
export function traceMachine(machine: Machine, trace: Trace): () => void {
  const tracer = new MachineTracer(machine, trace)
  return () => tracer.end()
}

class MachineTracer {
  readonly #machine: Machine
  readonly #trace: Trace
  readonly #ends: (() => void)[] = []
  readonly #watched = new Set<object>()

  constructor(machine: Machine, trace: Trace) {
    this.#machine = machine
    this.#trace = trace
    machine.trace = trace
    machine.queue.watch = (event, time) => this.#event(event, time)
    this.#ends.push(() => {
      machine.trace = undefined
      machine.queue.watch = undefined
    })
    this.#hear()
    this.#listen()
    this.#look()
  }

  end(): void {
    for (const end of this.#ends.reverse()) end()
    this.#ends.length = 0
  }

  #hear(): void {
    const { events } = this.#machine
    const on: typeof events.on = (name, listener) => {
      this.#ends.push(() => events.off(name, listener))
      return events.on(name, listener)
    }
    on('plugged', ({ path }) => {
      this.#add('life', path, 'plugged')
      this.#look()
    })
    on('unplugged', (_, path) => this.#add('life', path, 'unplugged'))
    on('unplug-requested', ({ path }) => this.#add('life', path, 'unplug requested'))
    on('unplug-refused', ({ path }, reason) => this.#add('life', path, 'unplug refused', { reason }))
    on('reset', () => {
      this.#add('life', '', 'reset')
      this.#look()
    })
    on('guest-error', ({ code, device }) => this.#add('fault', device?.path ?? '', 'guest error', { code }))
    on('fault', ({ path }, { iova, access, reason }) => {
      this.#add('fault', path, `${access} fault`, { iova: hex(iova), reason })
    })
  }

  /** Watches what is there and is not watched yet. */
  #look(): void {
    for (const device of this.#machine.devices()) {
      for (const line of device.interrupts.values()) {
        this.#once(line, () => line.connect((raised) => this.#add('interrupt', device.path, line.name, { raised })))
      }
    }
    for (const { root } of this.#machine.memory.spaces) this.#below(root)
  }

  /** Regions that are mapped later than they are looked for are found in system memory only: other spaces come and go. */
  #listen(): void {
    const { space } = this.#machine
    const listener = {
      name: 'trace',
      priority: Number.MAX_SAFE_INTEGER,
      regionAdd: ({ region }: { readonly region: MemoryRegion }): undefined => this.#region(region),
    }
    space.register(listener)
    this.#ends.push(() => space.unregister(listener))
  }

  #below(region: MemoryRegion): void {
    this.#region(region)
    if (region.target !== undefined) this.#region(region.target)
    for (const child of region.children) this.#below(child)
  }

  #region(region: MemoryRegion): undefined {
    const { port } = region as { readonly port?: MmioPort }
    if (port !== undefined) {
      this.#once(port, () => {
        port.watch = (write, offset, size) => {
          this.#add('access', region.name, write ? 'write' : 'read', { offset: hex(BigInt(offset)), bytes: size })
        }
        return () => {
          port.watch = undefined
        }
      })
    }
    const { translator } = region as { readonly translator?: unknown }
    if (translator instanceof Iommu) {
      this.#once(translator, () => {
        translator.watch = ({ type, iova, size }) => {
          this.#add('iommu', translator.name, type, { iova: hex(iova), bytes: Number(size) })
        }
        return () => {
          translator.watch = undefined
        }
      })
    }
  }

  #once(thing: object, watch: () => () => void): void {
    if (this.#watched.has(thing)) return
    this.#watched.add(thing)
    this.#ends.push(watch())
  }

  #event(event: SimEvent, time: number): void {
    const { priority, source } = event
    const facts = { ...(priority !== 0 && { priority }), ...(source !== 0 && { source }) }
    this.#trace.add({ time, category: 'event', device: '', name: event.name, facts })
  }

  #add(category: TraceCategory, device: Device['path'], name: string, facts?: TraceRecord['facts']): void {
    const time = this.#machine.queue.now
    this.#trace.add({ time, category, device, name, ...(facts !== undefined && { facts }) })
  }
}
