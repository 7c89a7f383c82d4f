import { GiB, KiB, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { us } from '@hostbridge/core/time'
import {
  NvmeAdmin,
  NvmeConfiguration,
  NvmeController,
  NvmeIo,
  NvmeRegister,
  NvmeStatus,
  RamBacking,
} from '@hostbridge/devices/endpoints'
import { Command, Msix } from '@hostbridge/devices/pci'
import { MSI_WINDOW, SpaprHostBridge } from '@hostbridge/devices/spapr'

/*
 * A guest writes files to an NVMe disk and reads them back. Its buffers follow each other on the bus and lie apart in memory:
 * every page that the disk touches is found by a TCE. What has no TCE any more, the disk cannot touch.
 */

const PAGE = 4096
const BLOCK = 512
/** Where the guest's CPU sees the controller's registers. */
const REGISTERS = 0x2000_9000_0000n
/** IOVAs: admin queues, I/O queues, PRP lists, and a buffer for what is read and written. */
const QUEUES = { adminSubmission: 0, adminCompletion: 1, submission: 2, completion: 6 } as const
const LISTS = 16
const BUFFER = 256
const PAGES = BUFFER + 2048
const DEPTH = 32
const TRANSFER_PAGES = 32
const INTERRUPT = 0x1101

/** The guest's driver: it knows where its pages are, and talks to the controller by registers and queues only. */
class Driver {
  readonly #machine: Machine
  #adminTail = 0
  #tail = 0
  #head = 0
  #phase = 1
  #interrupts = 0
  readonly errors: number[] = []

  constructor(machine: Machine, phb: SpaprHostBridge, disk: NvmeController) {
    this.#machine = machine
    for (let page = 0; page < PAGES; page++) {
      phb.window.put(BigInt(page) * 4n * KiB, { to: this.#addressOf(page), access: 'rw' })
    }
    phb.msi.connect((irq) => {
      if (irq === INTERRUPT) this.#interrupts++
    })
    disk.config.write(0x10, 4, 0x9000_0000)
    disk.config.write(0x04, 2, Command.memory | Command.busMaster)
    disk.msix?.setMessage(1, MSI_WINDOW.start, INTERRUPT)
    disk.config.write((disk.msix?.offset ?? 0) + Msix.control.offset, 2, 0x8000)
  }

  get interrupts(): number {
    return this.#interrupts
  }

  /** Switches the controller on and makes a pair of I/O queues. */
  start(): void {
    this.#poke(NvmeRegister.adminQueueAttributes, 0x000f_000f)
    this.#poke(NvmeRegister.adminSubmissionQueue, QUEUES.adminSubmission * PAGE)
    this.#poke(NvmeRegister.adminCompletionQueue, QUEUES.adminCompletion * PAGE)
    const { enable, submissionEntry, completionEntry } = NvmeConfiguration
    this.#poke(NvmeRegister.configuration, enable | (6 << submissionEntry.shift) | (4 << completionEntry.shift))
    this.#machine.run()
    this.#admin(NvmeAdmin.createCompletionQueue, QUEUES.completion, 0x0001_0003)
    this.#admin(NvmeAdmin.createSubmissionQueue, QUEUES.submission, 0x0001_0001)
  }

  /** Moves `bytes` between the disk, from a block on, and the buffer; as many commands wait at a time as the queue may have. */
  transfer(opcode: number, block: number, bytes: number): number {
    const most = TRANSFER_PAGES * PAGE
    let commands = 0
    for (let done = 0; done < bytes; done += most) {
      this.#submit(opcode, block + done / BLOCK, done / PAGE, Math.ceil(Math.min(bytes - done, most) / BLOCK))
      commands++
      if (commands % DEPTH === 0) this.#complete()
    }
    this.#complete()
    return commands
  }

  /** The buffer, as the CPU sees it. */
  look(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += PAGE) {
      this.#machine.space.read(this.#addressOf(BUFFER + at / PAGE), bytes.subarray(at, at + PAGE))
    }
    return bytes
  }

  fill(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += PAGE) {
      this.#machine.space.write(this.#addressOf(BUFFER + at / PAGE), bytes.subarray(at, at + PAGE))
    }
  }

  #submit(opcode: number, block: number, page: number, blocks: number): void {
    const words = new Uint32Array(16)
    const first = BUFFER + page
    const rest = Math.ceil((blocks * BLOCK) / PAGE) - 1
    const list = BigUint64Array.from({ length: rest }, (_, index) => BigInt((first + 1 + index) * PAGE))
    if (rest > 1) this.#store(LISTS + this.#tail, 0, new Uint8Array(list.buffer))
    words.set([opcode | (this.#tail << 16), 1])
    words[6] = first * PAGE
    words[8] = rest > 1 ? (LISTS + this.#tail) * PAGE : (first + 1) * PAGE
    words[10] = block
    words[12] = blocks - 1
    this.#store(QUEUES.submission, this.#tail * 64, new Uint8Array(words.buffer))
    this.#tail = (this.#tail + 1) % (2 * DEPTH)
  }

  #complete(): void {
    this.#poke(NvmeRegister.doorbells + 8, this.#tail)
    this.#machine.run()
    const entry = new Uint32Array(4)
    for (;;) {
      this.#machine.space.read(
        this.#addressOf(QUEUES.completion) + BigInt(this.#head * 16),
        new Uint8Array(entry.buffer),
      )
      const last = entry[3] as number
      if (((last >>> 16) & 1) !== this.#phase) break
      if (last >>> 17 !== 0) this.errors.push((last >>> 17) & 0x7ff)
      this.#head = (this.#head + 1) % (2 * DEPTH)
      if (this.#head === 0) this.#phase ^= 1
    }
    this.#poke(NvmeRegister.doorbells + 12, this.#head)
  }

  #admin(opcode: number, page: number, cdw11: number): void {
    const words = new Uint32Array(16)
    words[0] = opcode
    words[6] = page * PAGE
    words[10] = ((2 * DEPTH - 1) << 16) | 1
    words[11] = cdw11
    this.#store(QUEUES.adminSubmission, this.#adminTail++ * 64, new Uint8Array(words.buffer))
    this.#poke(NvmeRegister.doorbells, this.#adminTail)
    this.#machine.run()
  }

  #store(page: number, offset: number, bytes: Uint8Array): void {
    this.#machine.space.write(this.#addressOf(page) + BigInt(offset), bytes)
  }

  #poke(offset: number, value: number): void {
    this.#machine.space.store32(REGISTERS + BigInt(offset), value, 'little')
  }

  /** Pages that follow each other on the bus lie 4099 pages apart, round and round. */
  #addressOf(page: number): bigint {
    return BigInt((page * 4099) % 65_521) * 4n * KiB
  }
}

interface Parts {
  readonly machine: Machine
  readonly phb: SpaprHostBridge
  readonly disk: NvmeController
}

export function build(): Machine {
  return compose().machine
}

function compose(): Parts {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 1n * GiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  const namespaces = [{ backing: new RamBacking(64n * MiB) }]
  const disk = phb.plug('00:01.0', new NvmeController({ namespaces, latency: 20n * us, bytesPerSecond: 3.2e9 }))
  return { machine, phb, disk }
}

const FILES = [
  { name: 'motd', bytes: 512, block: 0 },
  { name: 'kernel', bytes: 1_000_448, block: 1024 },
  { name: 'initrd', bytes: 8_388_608, block: 8192 },
]

export function main(
  print: (line: string) => void = console.log,
  watch: (machine: Machine) => void = () => {},
): { alike: number; errors: readonly number[]; faults: number; hostGigabytesPerSecond: number } {
  const { machine, phb, disk } = compose()
  watch(machine)
  const driver = new Driver(machine, phb, disk)
  driver.start()
  let alike = 0
  let moved = 0
  let seconds = 0
  const timed = (transfer: () => number): number => {
    const started = performance.now()
    const commands = transfer()
    seconds += (performance.now() - started) / 1000
    return commands
  }
  for (const { name, bytes, block } of FILES) {
    const content = Uint8Array.from({ length: bytes }, (_, index) => Math.imul(index + block, 0x9e37_79b1) >>> 24)
    driver.fill(content)
    const before = machine.now
    const commands = timed(() => driver.transfer(NvmeIo.write, block, bytes))
    const written = machine.now
    driver.fill(new Uint8Array(bytes))
    timed(() => driver.transfer(NvmeIo.read, block, bytes))
    const same = driver.look(bytes).every((byte, index) => byte === content[index])
    if (same) alike++
    moved += 2 * bytes
    const rates = `written at ${rate(bytes, written - before)}, read at ${rate(bytes, machine.now - written)}`
    print(`${name}: ${bytes} bytes, commands: ${commands}, ${rates}, ${same ? 'the same bytes' : 'OTHER BYTES'}`)
  }
  print(`${driver.interrupts} interrupts, ${disk.faults.total} faults`)

  phb.window.unput(BigInt(BUFFER + 5) * 4n * KiB)
  driver.transfer(NvmeIo.read, 8192, TRANSFER_PAGES * PAGE)
  const [status] = driver.errors
  const why = status === NvmeStatus.dataTransferError ? 'data transfer error' : 'something else'
  print('')
  print(`Without the TCE of the sixth page the read fails: status ${status}, ${why};`)
  print(`fault at IOVA 0x${disk.faults.last?.iova.toString(16)}, ${disk.faults.last?.reason}.`)
  return { alike, errors: driver.errors, faults: disk.faults.total, hostGigabytesPerSecond: moved / seconds / 1e9 }
}

/** In virtual time. */
function rate(bytes: number, ticks: bigint): string {
  return `${Math.round((bytes / Number(ticks)) * 1000)} MB/s`
}

if (import.meta.main) {
  const { hostGigabytesPerSecond } = main()
  console.log(
    `This computer moved ${hostGigabytesPerSecond.toFixed(2)} GB/s, its driver and the first compilation included.`,
  )
}
