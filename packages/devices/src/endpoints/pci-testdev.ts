import type { DeviceState } from '@hostbridge/core/machine'
import { mmio } from '@hostbridge/core/memory'
import { PciDevice } from '../pci/index.ts'
import { TESTDEV_BARS, TESTDEV_IDENTITY, TESTDEV_TESTS, Testdev } from './spec/pci-testdev.ts'

/** A test that can be run: the header that the guest reads while it is chosen, and where its writes go. */
interface Test {
  readonly header: DataView
  readonly bar: number
  readonly target: number
  readonly data: number
  readonly match: boolean
}

/**
 * QEMU's device for tests of I/O paths (docs/specs/pci-testdev.rst): the guest chooses a test, writes what and where the header says,
 * and reads back how many of its writes have come.
 */
export class PciTestdev extends PciDevice {
  readonly #tests: readonly Test[]
  #current: Test | undefined

  constructor(name = 'pci-testdev') {
    super(name, TESTDEV_IDENTITY)
    this.#tests = TESTDEV_BARS.flatMap((_, bar) => TESTDEV_TESTS.map((_test, number) => makeTest(bar, number)))
    for (const [bar, { kind, size }] of TESTDEV_BARS.entries()) {
      const region = mmio(`${name} bar${bar}`, size, {
        valid: { min: 1, max: 4 },
        impl: { min: 1, max: 1 },
        read: (offset) => this.#read(bar, offset),
        write: (offset, value) => this.#write(bar, offset, value),
      })
      this.bars.add(bar, { kind, region })
    }
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
    this.#current = this.#tests[state.current as number]
    for (const [index, count] of (state.counts as number[]).entries()) {
      this.#tests[index]?.header.setUint32(Testdev.count, count, true)
    }
  }

  #read(bar: number, offset: number): number {
    const test = this.#current
    return test?.bar === bar && offset < test.header.byteLength ? test.header.getUint8(offset) : 0
  }

  #write(bar: number, offset: number, value: number): void {
    if (offset === Testdev.test) {
      this.#choose(value < TESTDEV_TESTS.length ? this.#tests[bar * TESTDEV_TESTS.length + value] : undefined)
      return
    }
    const test = this.#current
    if (test?.bar !== bar || offset !== test.target || (test.match && value !== test.data)) return
    test.header.setUint32(Testdev.count, test.header.getUint32(Testdev.count, true) + 1, true)
  }

  #choose(test: Test | undefined): void {
    this.#current = test
    test?.header.setUint32(Testdev.count, 0, true)
  }
}

function makeTest(bar: number, number: number): Test {
  const { prefix, target: first } = TESTDEV_BARS[bar] as (typeof TESTDEV_BARS)[number]
  const { name, data, match } = TESTDEV_TESTS[number] as (typeof TESTDEV_TESTS)[number]
  const full = `${prefix}-${name}\0`
  const header = new DataView(new ArrayBuffer(Testdev.name + full.length))
  const target = first + bar * TESTDEV_TESTS.length + number
  header.setUint8(Testdev.test, number)
  header.setUint8(Testdev.width, 1)
  header.setUint32(Testdev.offset, target, true)
  header.setUint32(Testdev.data, data, true)
  for (let index = 0; index < full.length; index++) header.setUint8(Testdev.name + index, full.charCodeAt(index))
  return { header, bar, target, data, match }
}
