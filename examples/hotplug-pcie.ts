import { hex, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { ms, s } from '@hostbridge/core/time'
import { EcamHost } from '@hostbridge/devices/ecam'
import { Edu, EduDevice } from '@hostbridge/devices/endpoints'
import {
  Command,
  EcamConfigAccess,
  Express,
  fieldAt,
  Header,
  RootPort,
  requesterIdOf,
  SlotControl,
  SlotStatus,
  Type1,
} from '@hostbridge/devices/pci'

/*
 * PCI Express native hotplug, from both sides: somebody puts a card into the slot of a running machine and takes it out again,
 * and a driver of the slot does what Linux does. It blinks for 5 s after a push of the attention button, then goes on.
 */

const PORT = requesterIdOf({ domain: 0, bus: 0, device: 1, function: 0 })
const CARD = requesterIdOf({ domain: 0, bus: 1, device: 0, function: 0 })
const DOORBELL = 0x0802_0000n
const BAR = 0x1000_0000
const { events, interrupt, linkChanged, powerOff } = SlotControl
const ENABLED = events | interrupt | linkChanged | 0x00c0
const INDICATOR = { on: 0x0100, blink: 0x0200, off: 0x0300 } as const

interface Scene {
  readonly machine: Machine
  /** What happened, told as it happens. */
  onLine: (line: string) => void
}

export function build(): Machine {
  return scene().machine
}

function scene(): Scene {
  const machine = new Machine('virt')
  machine.map(0x4000_0000n, ram('ram', 16n * MiB))
  const host = machine.plug(new EcamHost({ doorbell: { address: DOORBELL } }))
  const port = host.plug('00:01.0', new RootPort({ slot: { number: 1 } }))
  const told: Scene = { machine, onLine: () => {} }
  const say = (line: string): void => told.onLine(`${String(machine.now / ms).padStart(6)} ms  ${line}`)
  driver(machine, host, port, say)

  const card = new EduDevice()
  machine.at(1n * s, () => {
    say('somebody puts a card into the slot')
    port.plug('00.0', card)
  })
  machine.at(10n * s, () => {
    say('somebody wishes the card to leave')
    machine.requestUnplug(card)
  })
  machine.events.on('unplugged', ({ name }) => say(`'${name}' has left the machine`))
  return told
}

/** The guest's driver of the slot: it knows registers, interrupts and time, and nothing else of the machine. */
function driver(machine: Machine, host: EcamHost, port: RootPort, say: (line: string) => void): void {
  const config = new EcamConfigAccess(machine.space, host.windows.ecam)
  const at = (field: (typeof Express)[keyof typeof Express]): number => fieldAt(field, port.express.offset).offset
  const control = (value: number): void => config.write(PORT, at(Express.slotControl), 2, ENABLED | value)
  let isOn = false

  const begin = machine.event('driver begins', () => {
    const msi = port.msi?.offset ?? 0
    config.write(PORT, msi + 4, 4, Number(DOORBELL))
    config.write(PORT, msi + 2, 2, 1)
    config.write(PORT, Type1.primaryBus.offset, 4, 0x01_0100)
    config.write(PORT, Type1.memoryBase.offset, 4, BAR | (BAR >>> 16))
    config.write(PORT, Header.command.offset, 2, Command.memory | Command.busMaster)
    control(powerOff | INDICATOR.off)
  })
  machine.queue.schedule(begin, 1)

  const blinked = machine.event('driver has blinked', () => {
    isOn = !isOn
    if (isOn) return control(INDICATOR.on)
    config.write(CARD, Header.command.offset, 2, 0)
    control(powerOff | INDICATOR.blink)
    control(powerOff | INDICATOR.off)
  })

  host.msi.connect(() => {
    const status = config.read(PORT, at(Express.slotStatus), 2)
    config.write(PORT, at(Express.slotStatus), 2, status)
    const seen = Object.entries(SlotStatus).flatMap(([name, bit]) => ((status & bit) === 0 ? [] : [name]))
    if ((status & SlotStatus.commandCompleted) === 0) say(`interrupt: ${seen.join(', ')}`)
    if ((status & SlotStatus.attentionButton) !== 0) {
      control(INDICATOR.blink | (isOn ? 0 : powerOff))
      machine.queue.schedule(blinked, Number(machine.now + 5n * s))
    }
    if ((status & SlotStatus.linkChanged) !== 0 && isOn) useCard(machine, config, say)
  })
}

function useCard(machine: Machine, config: EcamConfigAccess, say: (line: string) => void): void {
  const id = config.read(CARD, 0, 4)
  if (id === 0xffff_ffff) {
    say('nobody answers')
    return
  }
  say(`${(id & 0xffff).toString(16)}:${(id >>> 16).toString(16)} answers`)
  config.write(CARD, 0x10, 4, BAR)
  config.write(CARD, Header.command.offset, 2, Command.memory | Command.busMaster)
  say(
    `its identification at ${hex(BigInt(BAR))} is 0x${machine.space.load32(BigInt(BAR + Edu.identification)).toString(16)}`,
  )
}

export function main(
  print: (line: string) => void = console.log,
  watch: (machine: Machine) => void = () => {},
): { now: bigint; devices: number } {
  const told = scene()
  told.onLine = print
  watch(told.machine)
  const { now } = told.machine.run()
  const devices = [...told.machine.devices()].length
  print(`Nothing waits any more at ${now / ms} ms; ${devices} devices are left.`)
  return { now, devices }
}

if (import.meta.main) main()
