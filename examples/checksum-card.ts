import { hex, KiB, MiB } from '@hostbridge/core/address'
import { type DeviceState, Machine } from '@hostbridge/core/machine'
import { MemTx, mmio, ram } from '@hostbridge/core/memory'
import { EventPriority, type SimEvent, tickOf, us } from '@hostbridge/core/time'
import { Command, Header, PciDevice } from '@hostbridge/devices/pci'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'

/*
 * A device that nobody has: a card that adds up bytes of guest memory. docs/writing-a-device.md goes through it part by part.
 */

/** Registers of 32 bits; the address takes 8 bytes. */
const Checksum = { address: 0x00, length: 0x08, control: 0x0c, sum: 0x10, interrupt: 0x14 } as const

/** Reads of the control register; writing `busy` starts. */
const Status = { busy: 1, done: 2, failed: 4 } as const

/** More bytes than this are a mistake of the guest: what it may cost has a bound. */
const LONGEST = 0x10_0000

class ChecksumCard extends PciDevice {
  readonly #finished: SimEvent
  #address = 0n
  #length = 0
  #status = 0
  #sum = 0

  constructor(name = 'checksum') {
    super(name, { vendor: 0x1234, device: 0xc5c5, classCode: 0x12_0000, interruptPin: 1 })
    this.#finished = this.event('finished', () => this.#finish(), { priority: EventPriority.completion })
    this.useMsi()
    const region = mmio(`${name} registers`, 4n * KiB, {
      valid: { min: 4, max: 8 },
      impl: { min: 4, max: 4 },
      read: (offset) => this.#read(offset),
      write: (offset, value) => this.#write(offset, value),
    })
    this.bars.add(0, { kind: 'memory32', region })
  }

  #read(offset: number): number {
    switch (offset) {
      case Checksum.address:
        return Number(BigInt.asUintN(32, this.#address))
      case Checksum.address + 4:
        return Number(this.#address >> 32n)
      case Checksum.length:
        return this.#length
      case Checksum.control:
        return this.#status
      case Checksum.sum:
        return this.#sum
      case Checksum.interrupt:
        return this.intx?.asserted ? 1 : 0
      default:
        return 0
    }
  }

  #write(offset: number, value: number): void {
    if (offset === Checksum.interrupt) this.intx?.set(false)
    else if ((this.#status & Status.busy) !== 0) return
    else if (offset === Checksum.address) this.#address = ((this.#address >> 32n) << 32n) | BigInt(value)
    else if (offset === Checksum.address + 4) this.#address = (BigInt(value) << 32n) | BigInt.asUintN(32, this.#address)
    else if (offset === Checksum.length) this.#length = value
    else if (offset === Checksum.control && (value & Status.busy) !== 0) this.#start()
  }

  #start(): void {
    const machine = this.timeline
    if (machine === undefined) return
    if (this.#length > LONGEST) {
      this.#status = Status.failed
      machine.guestError({ code: 'checksum.length', message: `${this.#length} bytes are too many`, device: this })
      return
    }
    this.#status = Status.busy
    machine.queue.schedule(this.#finished, tickOf(machine.now + BigInt(this.#length)))
  }

  #finish(): void {
    const bytes = new Uint8Array(this.#length)
    const result = this.dmaRead(this.#address, bytes)
    this.#sum = bytes.reduce((sum, byte) => (sum + byte) >>> 0, 0)
    this.#status = result === MemTx.ok ? Status.done : Status.failed
    if (this.msi?.enabled === true) this.msi.signal(0)
    else this.intx?.set(true)
  }

  override resetEnter(): void {
    this.#finished.queue?.deschedule(this.#finished)
    this.#address = 0n
    this.#length = 0
    this.#status = 0
    this.#sum = 0
  }

  protected override onUnplug(): void {
    this.resetEnter()
  }

  override save(): DeviceState {
    return { ...super.save(), registers: [this.#address, this.#length, this.#status, this.#sum] }
  }

  override restore(state: DeviceState): void {
    super.restore(state)
    ;[this.#address, this.#length, this.#status, this.#sum] = state.registers as [bigint, number, number, number]
  }
}

/** Where firmware has put the card's registers: on the bus, and as the CPU sees them. */
const BAR = 0x9000_0000
const REGISTERS = 0x2000_9000_0000n

export interface ChecksumMachine {
  readonly machine: Machine
  readonly card: ChecksumCard
  peek(register: keyof typeof Checksum): number
  poke(register: keyof typeof Checksum, value: number): void
}

/** A pseries machine with the card, set up as firmware does, and one page of its guest's memory mapped at 0x1000 for DMA. */
export function compose(): ChecksumMachine {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 16n * MiB))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  const card = phb.plug('00:01.0', new ChecksumCard())
  card.bars.all.get(0)?.point(BigInt(BAR))
  card.config.write(Header.command.offset, 2, Command.memory | Command.busMaster)
  phb.window.put(0x1000n, { to: 0x8000n, access: 'r' })
  const word = new DataView(new ArrayBuffer(4))
  const bytes = new Uint8Array(word.buffer)
  return {
    machine,
    card,
    peek(register) {
      machine.space.read(REGISTERS + BigInt(Checksum[register]), bytes)
      return word.getUint32(0, true)
    },
    poke(register, value) {
      word.setUint32(0, value, true)
      machine.space.write(REGISTERS + BigInt(Checksum[register]), bytes)
    },
  }
}

export function build(print: (line: string) => void = console.log): Machine {
  const { machine, card, peek, poke } = compose()
  machine.at(5n * us, () => {
    machine.space.write(0x8000n, Uint8Array.of(1, 2, 3, 250))
    poke('address', 0x1000)
    poke('length', 4)
    poke('control', Status.busy)
  })
  card.interrupts.get('intx')?.connect((raised) => {
    if (!raised) return
    print(`at ${machine.now} ns the card has added up 4 bytes: ${peek('sum')}, status ${peek('control')}`)
    poke('interrupt', 1)
  })
  machine.at(9n * us, () => {
    poke('address', 0x2000)
    poke('control', Status.busy)
  })
  card.machine?.events.on('fault', (device, { iova, reason }) => {
    print(`at ${machine.now} ns ${device.path} does not reach ${hex(iova)}: ${reason}`)
  })
  return machine
}

export function main(
  print: (line: string) => void = console.log,
  watch: (machine: Machine) => void = () => {},
): { now: bigint } {
  const machine = build(print)
  watch(machine)
  machine.run()
  return { now: machine.now }
}

if (import.meta.main) main()
