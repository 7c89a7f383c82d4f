import { expect, test } from 'vitest'
import { Machine } from '../../src/machine/machine.ts'
import { inRestoreOrder, type RestoreStage } from '../../src/machine/restore-stage.ts'
import { Recorder } from './recorder.ts'

class Staged extends Recorder {
  readonly #stage: RestoreStage
  constructor(name: string, stage: RestoreStage) {
    super(name)
    this.#stage = stage
  }
  override get restoreStage(): RestoreStage {
    return this.#stage
  }
}

test('managers of RAM are restored before IOMMUs and those before all others, bridges before what is behind them', () => {
  const machine = new Machine('pc')
  const bus = machine.plug(new Recorder('bus'))
  machine.plug(new Recorder('card'), { parent: bus })
  machine.plug(new Staged('iommu', 'iommu'), { parent: bus })
  machine.plug(new Staged('virtio-mem', 'ram'))

  const order = inRestoreOrder(machine.devices()).map(({ name }) => name)

  expect(order).toEqual(['virtio-mem', 'iommu', 'bus', 'card'])
})
