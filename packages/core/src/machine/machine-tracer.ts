import { hex } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import { Iommu } from '../iommu/iommu.ts'
import type { MemoryRegion } from '../memory/memory-region.ts'
import type { MmioPort } from '../memory/mmio-port.ts'
import type { SimEvent } from '../time/event.ts'
import type { Trace } from '../trace/trace.ts'
import type { TraceCategory, TraceRecord } from '../trace/trace-record.ts'
import { Device } from './device.ts'
import type { Machine } from './machine.ts'

/**
 * Lets a trace take down what happens in a machine: events, accesses to registers, DMA, interrupts, mappings of IOMMUs,
 * faults, plugs, unplugs and resets. Returns what ends that. Nothing that happens is changed by it.
 *
 * @throws HostbridgeError `trace.taken` for a machine that has a trace: its points know one.
 */
export function traceMachine(machine: Machine, trace: Trace): () => void {
  if (machine.trace !== undefined) {
    const message = `machine '${machine.name}' has a trace already: end that first, or read what it has taken down`
    throw new HostbridgeError('trace.taken', message, { machine: machine.name })
  }
  const tracer = new MachineTracer(machine, trace)
  return () => tracer.end()
}

class MachineTracer {
  readonly #machine: Machine
  readonly #trace: Trace
  readonly #ends: (() => void)[] = []
  readonly #watched = new Set<object>()
  readonly #owners = new WeakMap<SimEvent, Device | 'composer'>()

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

  /** Regions that appear later, in whatever space, are watched when they are seen. */
  #listen(): void {
    const { memory } = this.#machine
    memory.watch = ({ ranges }) => {
      for (const { region } of ranges) this.#region(region)
    }
    this.#ends.push(() => {
      memory.watch = undefined
    })
  }

  #below(region: MemoryRegion): void {
    this.#region(region)
    if (region.target !== undefined) this.#below(region.target)
    for (const child of region.children) this.#below(child)
  }

  #region(region: MemoryRegion): void {
    const { port } = region as { readonly port?: MmioPort }
    if (port !== undefined) {
      this.#once(port, () => {
        port.watch = (write, offset, size) => {
          const facts = { region: region.name, offset: hex(BigInt(offset)), bytes: size }
          this.#add('access', placeOf(region), write ? 'write' : 'read', facts)
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
          this.#add('iommu', placeOf(region), type, { iommu: translator.name, iova: hex(iova), bytes: Number(size) })
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
    this.#trace.add({ time, category: 'event', device: this.#ownerOf(event)?.path ?? '', name: event.name, facts })
  }

  /** The device that has an event; nobody for one of the composer's. Events carry no owner: each is looked for once. */
  #ownerOf(event: SimEvent): Device | undefined {
    const known = this.#owners.get(event)
    if (known !== undefined) return known === 'composer' ? undefined : known
    const devices = [...this.#machine.devices()]
    const isNamesake = ({ name }: Device): boolean => event.name.startsWith(`${name} `)
    const owner =
      devices.filter(isNamesake).find((device) => has(device, event)) ?? devices.find((device) => has(device, event))
    this.#owners.set(event, owner ?? 'composer')
    return owner
  }

  #add(category: TraceCategory, device: Device['path'], name: string, facts?: TraceRecord['facts']): void {
    const time = this.#machine.queue.now
    this.#trace.add({ time, category, device, name, ...(facts !== undefined && { facts }) })
  }
}

function has(device: Device, event: SimEvent): boolean {
  let found = false
  device.forEachEvent((other) => {
    found ||= other === event
  })
  return found
}

/** The path of the device that a region belongs to, or what it lies in; the region's name where that is nobody's. */
function placeOf(region: MemoryRegion): string {
  for (let at: MemoryRegion | undefined = region; at !== undefined; at = at.container) {
    if (at.owner instanceof Device) return at.owner.path
  }
  return region.name
}
