import type { DeviceState } from '@hostbridge/core/machine'
import { ContainerRegion, type EventfdOptions, EventNotifier, type MmioRegion, mmio } from '@hostbridge/core/memory'
import { PciDevice } from '../pci/index.ts'
import { TESTDEV_BARS, TESTDEV_IDENTITY, TESTDEV_MEMORY_BAR, TESTDEV_TESTS, Testdev } from './spec/pci-testdev.ts'

export interface PciTestdevOptions {
  /** For messages; `pci-testdev` unless told. */
  readonly name?: string
  /** Bytes of a 64-bit memory BAR 2 with nothing behind it, a power of two; without it there is no BAR 2. */
  readonly memoryBar?: bigint
}

/** A test that can be run: the header that the guest reads while it is chosen, and where its writes go. */
interface Test {
  readonly header: DataView
  readonly target: number
  readonly data: number
  readonly match: boolean
  /** Whose eventfd it is that counts, if one does. */
  readonly eventfd: { readonly region: MmioRegion; readonly options: EventfdOptions } | undefined
}

/**
 * QEMU's device for tests of I/O paths (docs/specs/pci-testdev.rst): the guest chooses a test, writes what and where the header says,
 * and reads back how many of its writes have come. In two of three tests they come through an eventfd and never to the device.
 */
export class PciTestdev extends PciDevice {
  readonly #tests: readonly Test[]
  #current: Test | undefined

  constructor(options: PciTestdevOptions = {}) {
    const name = options.name ?? 'pci-testdev'
    super(name, TESTDEV_IDENTITY)
    this.#tests = TESTDEV_BARS.flatMap(({ kind, size }, bar) => {
      const region = mmio(`${name} bar${bar}`, size, {
        valid: { min: 1, max: 4 },
        impl: { min: 1, max: 1 },
        read: (offset) => this.#read(offset),
        write: (offset, value) => this.#write(bar, offset, value),
      })
      this.bars.add(bar, { kind, region })
      return TESTDEV_TESTS.map((_, number) => makeTest(region, bar, number))
    })
    if (options.memoryBar === undefined) return
    const region = new ContainerRegion(`${name} bar2`, options.memoryBar)
    this.bars.add(TESTDEV_MEMORY_BAR, { kind: 'memory64', prefetchable: true, region })
  }

  override resetEnter(): void {
    this.#choose(undefined)
  }

  override save(): DeviceState {
    const counts = this.#tests.map(({ header }) => header.getUint32(Testdev.count, true))
    return { ...super.save(), current: this.#current === undefined ? -1 : this.#tests.indexOf(this.#current), counts }
  }

  override restore(state: DeviceState): void {
    super.restore(state)
    this.#choose(this.#tests[state.current as number])
    for (const [index, count] of (state.counts as number[]).entries()) {
      this.#tests[index]?.header.setUint32(Testdev.count, count, true)
    }
  }

  protected override onUnplug(): void {
    this.#choose(undefined)
  }

  /** The header of the chosen test is at the beginning of both BARs, whichever it was chosen through. */
  #read(offset: number): number {
    const header = this.#current?.header
    return header !== undefined && offset < header.byteLength ? header.getUint8(offset) : 0
  }

  #write(bar: number, offset: number, value: number): void {
    if (offset === Testdev.test) {
      this.#choose(value < TESTDEV_TESTS.length ? this.#tests[bar * TESTDEV_TESTS.length + value] : undefined)
      return
    }
    const test = this.#current
    if (test === undefined || offset !== test.target || (test.match && value !== test.data)) return
    count(test.header)
  }

  /** The eventfd of a test is there while the test is chosen. */
  #choose(test: Test | undefined): void {
    const old = this.#current?.eventfd
    old?.region.eventfds.remove(old.options)
    this.#current = test
    test?.header.setUint32(Testdev.count, 0, true)
    test?.eventfd?.region.eventfds.add(test.eventfd.options)
  }
}

function makeTest(region: MmioRegion, bar: number, number: number): Test {
  const { prefix, target: first } = TESTDEV_BARS[bar] as (typeof TESTDEV_BARS)[number]
  const { name, data, match, eventfd } = TESTDEV_TESTS[number] as (typeof TESTDEV_TESTS)[number]
  const full = `${prefix}-${name}\0`
  const header = new DataView(new ArrayBuffer(Testdev.name + full.length))
  const index = bar * TESTDEV_TESTS.length + number
  const target = first + index
  header.setUint8(Testdev.test, index)
  header.setUint8(Testdev.width, 1)
  header.setUint32(Testdev.offset, target, true)
  header.setUint32(Testdev.data, data, true)
  for (let at = 0; at < full.length; at++) header.setUint8(Testdev.name + at, full.charCodeAt(at))
  if (!eventfd) return { header, target, data, match, eventfd: undefined }
  const notifier = new EventNotifier(`${region.name} ${name}`, () => count(header))
  const options: EventfdOptions = { offset: target, size: 1, notifier, ...(match && { data: BigInt(data) }) }
  return { header, target, data, match, eventfd: { region, options } }
}

function count(header: DataView): void {
  header.setUint32(Testdev.count, header.getUint32(Testdev.count, true) + 1, true)
}
