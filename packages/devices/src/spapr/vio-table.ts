/** A virtual I/O device, as the firmware's calls see it. */
export interface FirmwareVio {
  /** Its unit number, which is its LIOBN too (LB-1). */
  readonly unit: number
  setBypass(bypass: boolean): void
}

/** The virtual I/O devices of a machine by unit. */
export class VioTable {
  readonly #devices = new Map<number, FirmwareVio>()

  /** Returns what takes the device out again; its LIOBN has shown that the unit is its own. */
  add(device: FirmwareVio): () => void {
    this.#devices.set(device.unit, device)
    return () => {
      this.#devices.delete(device.unit)
    }
  }

  find(unit: number): FirmwareVio | undefined {
    return this.#devices.get(unit)
  }
}
