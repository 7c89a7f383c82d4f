import {
  Express,
  fieldAt,
  Header,
  type HotplugOptions,
  RootPort,
  SlotControl,
  SlotStatus,
} from '@hostbridge/devices/pci'
import { bridgeScene, number } from './bridge-scene.ts'

/** What a guest writes to slot control when it wants every event, and shows nothing. */
export const EVENTS = SlotControl.events | SlotControl.interrupt | SlotControl.linkChanged
export const OFF = EVENTS | 0x00c0 | 0x0300 | SlotControl.powerOff
export const ON = EVENTS | 0x00c0 | 0x0100
export const BLINK = EVENTS | 0x00c0 | 0x0200

const NAMES = Object.entries(SlotStatus)

/** A root port with a slot, numbered bus 1, in a machine that runs: cards that come now are hotplugged. */
export function hotplugScene(options: HotplugOptions = {}) {
  const scene = bridgeScene({ doorbell: { address: 0xfee0_0000n } })
  const port = scene.host.plug('00:01.0', new RootPort({ slot: options }))
  const interrupts: string[] = []
  scene.host.msi.connect((data) => interrupts.push(`${scene.machine.now}: ${data}`))
  port.msi?.setMessage(0xfee0_0000n, 7)
  port.config.write((port.msi?.offset ?? 0) + 2, 2, 1)
  port.config.write(Header.command.offset, 2, 0x0006)
  number(port, 0, 1)
  scene.machine.run({ until: 1n })
  const register = (field: (typeof Express)[keyof typeof Express]): number => fieldAt(field, port.express.offset).offset
  return {
    ...scene,
    port,
    interrupts,
    control: (value: number): void => port.config.write(register(Express.slotControl), 2, value),
    /** The names of what slot status shows; events are cleared. */
    status(): string[] {
      const status = port.express.get(Express.slotStatus)
      port.config.write(register(Express.slotStatus), 2, status)
      return NAMES.filter(([, bit]) => (status & bit) !== 0).map(([name]) => name)
    },
    run: (ticks: bigint): void => void scene.machine.run({ until: scene.machine.now + ticks }),
  }
}
