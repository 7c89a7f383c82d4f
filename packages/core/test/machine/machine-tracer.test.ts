import { expect, test } from 'vitest'
import { KiB } from '../../src/address/units.ts'
import { PageTableIommu } from '../../src/iommu/page-table-iommu.ts'
import { Machine } from '../../src/machine/machine.ts'
import { traceMachine } from '../../src/machine/machine-tracer.ts'
import { mmio } from '../../src/memory/mmio-region.ts'
import { Trace } from '../../src/trace/trace.ts'
import { formatTrace } from '../../src/trace/trace-text.ts'
import { Recorder } from './recorder.ts'

function registers(name: string) {
  return mmio(name, 4n * KiB, { read: () => 1, write: () => {} })
}

test('accesses to registers, lines and mappings are taken down, of what comes later too, until the trace ends', () => {
  const machine = new Machine('pc')
  machine.map(0n, registers('uart'))
  const iommu = new PageTableIommu({ name: 'iommu', size: 0x1_0000n, target: machine.space })
  machine.memory.createSpace('dma', iommu.region)
  const trace = new Trace()
  const end = traceMachine(machine, trace)

  machine.space.read(8n, new Uint8Array(4))
  machine.map(0x1000n, registers('late'))
  machine.space.write(0x1002n, Uint8Array.of(1, 2))
  iommu.map({ iova: 0x2000n, size: 0x1000n, to: 0n, access: 'rw' })
  machine.plug(new Recorder('card')).line.pulse()
  end()
  machine.space.read(8n, new Uint8Array(4))
  iommu.unmap({ iova: 0x2000n, size: 0x1000n })

  expect([...formatTrace(trace)].join('\n')).toMatchInlineSnapshot(`
    "           0 access    uart read offset=0x8 bytes=4
               0 access    late write offset=0x2 bytes=2
               0 iommu     iommu map iova=0x2000 bytes=4096
               0 life      card plugged
               0 interrupt card inta raised=true
               0 interrupt card inta raised=false"
  `)
})
