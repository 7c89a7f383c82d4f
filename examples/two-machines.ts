import { GiB, KiB, MiB } from '@hostbridge/core/address'
import { type Domain, type DomainModel, type LockstepPlan, NetworkPort } from '@hostbridge/core/lockstep'
import { Machine } from '@hostbridge/core/machine'
import { MemTx, ram } from '@hostbridge/core/memory'
import { machineModel } from '@hostbridge/core/snapshot'
import { ms, type SimEvent, us } from '@hostbridge/core/time'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { type FrameWire, LinkAdapter } from '@hostbridge/devices/links'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { Lockstep } from '@hostbridge/parallel'

/*
 * Two pseries machines on a network link. Each has a disk that fills buffers by DMA, and an adapter that sends them to the
 * other machine, whose driver adds up what arrives. Serial or on two threads, the events are the same in the same order.
 */

const LATENCY = 20n * us
const FRAME = 4096
/** IOVAs of what is sent and of the buffers for what arrives; every page lies somewhere else in guest memory. */
const OUT = 0n
const IN = 16n * MiB
const BUFFERS = 8n

interface NodeOptions {
  /** Disk blocks that a machine reads each µs: what makes a window worth a thread of its own. */
  readonly blocks: number
}

/** The domain of one machine: what `Lockstep` calls on the thread that owns it. */
export function node(domain: Domain, options: NodeOptions): DomainModel {
  const wire = new NetworkPort(domain.channel('wire'), { bitsPerSecond: 100_000_000_000n })
  return machineModel(compose(domain.name, wire, options))
}

function compose(name: string, wire: FrameWire, { blocks }: NodeOptions): Machine {
  const machine = new Machine(name)
  machine.map(0n, ram('ram', 1n * GiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  const disk = phb.plug('00:01.0', new DmaEngine({ name: 'disk' }))
  const adapter = phb.plug('00:02.0', new LinkAdapter({ wire }))
  for (let page = 0n; page < 64n; page++) {
    phb.window.put(OUT + page * 4n * KiB, { to: page * 64n * KiB, access: 'rw' })
    phb.window.put(IN + page * 4n * KiB, { to: 512n * MiB + page * 64n * KiB, access: 'rw' })
  }
  for (let buffer = 0n; buffer < BUFFERS; buffer++) adapter.post(IN + buffer * 4n * KiB, FRAME)

  // The driver: every µs it has the disk fill buffers, and now and then it sends one of them.
  const work: SimEvent = machine.event('work', () => {
    const step = machine.queue.now / 1000
    for (let block = 0; block < blocks; block++) {
      const bytes = new Uint8Array(512).fill(step * 31 + block + name.length)
      disk.write(OUT + BigInt((step + block) % 64) * 4n * KiB + BigInt(block % 8) * 512n, bytes)
    }
    if (step % 4 === 0) adapter.send(OUT + BigInt(step % 64) * 4n * KiB, FRAME)
    machine.queue.schedule(work, machine.queue.now + 1000)
  })
  machine.queue.schedule(work, 0)
  adapter.irq.connect((raised) => {
    for (let frame = raised ? adapter.take() : undefined; frame !== undefined; frame = adapter.take()) {
      const sum = disk.read(frame.iova, frame.length).bytes.reduce((total, byte) => total + byte, 0)
      if (frame.result === MemTx.ok) disk.write(OUT + 4088n, Uint8Array.of(sum, sum >> 8, sum >> 16))
      adapter.post(frame.iova, FRAME)
    }
  })
  return machine
}

/** The machines of a run, and what joins them. */
function plan(options: NodeOptions): LockstepPlan {
  const domains = ['left', 'right'].map((name) => ({ name, module: import.meta.url, export: 'node', args: options }))
  return { domains, links: [{ name: 'wire', ends: ['left', 'right'], latency: LATENCY }] }
}

/** One of the two machines, with a wire that ends nowhere. */
export function build(): Machine {
  return compose('left', { send: () => true, onFrame: undefined }, { blocks: 0 })
}

export interface MainOptions extends NodeOptions {
  readonly until: bigint
}

/** What `hostbridge run` prints of machines that live in domains, where nobody else sees them. */
interface MachineFacts {
  readonly machine: string
  readonly events: number
  readonly fingerprint: string
}

interface Facts {
  /** Of both machines together, serial and on workers. */
  readonly together: readonly string[]
  readonly events: number
  readonly speedUp: number
  readonly machines: readonly MachineFacts[]
}

export async function main(
  print: (line: string) => void = console.log,
  _watch?: (machine: Machine) => void,
  { blocks, until }: MainOptions = { blocks: 30, until: 4n * ms },
): Promise<Facts> {
  const run = async (workers: number) => {
    await using lockstep = await Lockstep.open({ ...plan({ blocks }), workers })
    const warmUp = await lockstep.run({ until: until / 2n })
    const start = performance.now()
    const { fingerprint, events, domains } = await lockstep.run({ until })
    const seconds = (performance.now() - start) / 1000
    const where = workers === 0 ? 'serial' : `on ${workers} workers`
    const machines = domains.map(({ name, happened, fingerprint: own = '' }): MachineFacts => {
      return { machine: `${name} ${where}`, events: happened, fingerprint: own }
    })
    return { fingerprint, events: warmUp.events + events, seconds, machines }
  }
  const serial = await run(0)
  const parallel = await run(2)
  const speedUp = serial.seconds / parallel.seconds
  print(`Two machines exchange DMA over a link of ${LATENCY / us} µs for ${until / ms} ms of their time.`)
  print(`On one thread:  ${serial.events} events, fingerprint ${serial.fingerprint}`)
  print(`On two workers: ${parallel.events} events, fingerprint ${parallel.fingerprint}`)
  print(`The workers were ${speedUp.toFixed(2)} times as fast.`)
  const together = [serial.fingerprint, parallel.fingerprint]
  return { together, events: serial.events, speedUp, machines: [...serial.machines, ...parallel.machines] }
}

if (import.meta.main) void main()
