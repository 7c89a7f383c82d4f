import { hex, MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { ms, us } from '@hostbridge/core/time'
import { EcamHost } from '@hostbridge/devices/ecam'
import { DmaEngine, Edu, EduDevice } from '@hostbridge/devices/endpoints'
import { Command, Express, Header, RootPort, SlotStatus, Type1 } from '@hostbridge/devices/pci'

/*
 * A card is pulled while its DMA is under way. The transfer fails with a fault, reads of the card's configuration answer all
 * ones, the guest is told by the slot, and the machine runs on: another card can take the place.
 */

const RAM = 0x4000_0000n
const BAR = 0x1000_0000

interface Scene {
  readonly machine: Machine
  readonly host: EcamHost
  readonly port: RootPort
  readonly card: EduDevice
}

export function build(): Machine {
  return scene().machine
}

function scene(): Scene {
  const machine = new Machine('virt')
  machine.map(RAM, ram('ram', 16n * MiB))
  const host = machine.plug(new EcamHost())
  const port = host.plug('00:01.0', new RootPort({ slot: { number: 1, surprise: true } }))
  const card = port.plug('00.0', new EduDevice({ dmaBits: 32, dmaLatency: 500n * us }))
  port.config.write(Type1.primaryBus.offset, 4, 0x01_0100)
  port.config.write(Type1.memoryBase.offset, 4, BAR | (BAR >>> 16))
  port.config.write(Header.command.offset, 2, Command.memory | Command.busMaster)
  card.config.write(0x10, 4, BAR)
  card.config.write(Header.command.offset, 2, Command.memory | Command.busMaster)

  machine.at(1n * ms, () => {
    // 64 bytes from memory into the card's own; done 500 µs later.
    machine.space.store32(BigInt(BAR + Edu.dmaSource), Number(RAM), 'little')
    machine.space.store32(BigInt(BAR + Edu.dmaDestination), 0x4_0000, 'little')
    machine.space.store32(BigInt(BAR + Edu.dmaCount), 64, 'little')
    machine.space.store32(BigInt(BAR + Edu.dmaCommand), 1, 'little')
  })
  machine.at(1n * ms + 200n * us, () => port.pull())
  machine.at(5n * ms, () => port.plug('00.0', new DmaEngine({ name: 'new card' })))
  return { machine, host, port, card }
}

export function main(
  print: (line: string) => void = console.log,
  watch: (machine: Machine) => void = () => {},
): { faults: number; ended: string } {
  const { machine, host, port, card } = scene()
  watch(machine)
  const at = (): string => `${String(machine.now / us).padStart(5)} µs `
  const vendor = (): string => `0x${machine.space.load32(host.windows.ecam + 0x10_0000n, 'little').toString(16)}`
  machine.events.on('fault', ({ name }, { access, iova, reason }) => {
    print(`${at()} fault: the ${access} of '${name}' at ${hex(iova)} failed, ${reason}`)
  })
  machine.events.on('unplugged', ({ name }) => print(`${at()} '${name}' has left the machine`))

  machine.run({ until: 1n * ms + 100n * us })
  print(`${at()} the DMA is under way; 01:00.0 is ${vendor()}`)
  machine.run({ until: 1n * ms + 200n * us })
  const status = port.express.get(Express.slotStatus)
  const seen = Object.entries(SlotStatus).flatMap(([name, bit]) => ((status & bit) === 0 ? [] : [name]))
  print(`${at()} the card is pulled: the slot says ${seen.join(', ')}; 01:00.0 is ${vendor()}`)
  const { ended } = machine.run()
  print(`${at()} nothing waits any more; in the slot sits '${port.bus.at('00.0')?.name}'`)
  return { faults: card.faults.total, ended }
}

if (import.meta.main) main()
