import type { Rtas } from './rtas.ts'
import { RtasStatus, RtasToken } from './spec/rtas.ts'
import type { VioTable } from './vio-table.ts'

/** Offers the call that lets a virtual I/O device's DMA go around its TCE table (PH-10). */
export function offerVioCalls(rtas: Rtas, devices: VioTable): void {
  rtas.register(RtasToken.setTceBypass, {
    name: 'ibm,set-tce-bypass',
    args: 2,
    wrongCount: RtasStatus.parameter,
    run: ([unit = 0, enable = 0]) => {
      const device = devices.find(unit)
      if (device === undefined) return [RtasStatus.parameter]
      device.setBypass(enable !== 0)
      return [RtasStatus.success]
    },
  })
}
