import { GiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'

/** The machine that the traces were recorded on, as far as a player needs it. */
export interface TracedMachine {
  readonly machine: Machine
  readonly phb: SpaprHostBridge
}

/** Bytes of guest RAM, at 0. */
export const TRACED_RAM: bigint = 2n * GiB

/** Builds a pseries machine with 2 GiB of RAM and host bridge 0. */
export function buildTracedMachine(): TracedMachine {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', TRACED_RAM))
  return { machine, phb: machine.plug(new SpaprHostBridge({ index: 0 })) }
}
