import type { Device } from './device.ts'

/**
 * When a device takes up its saved state, after the RAM has its contents back: who decides which RAM is there, then who
 * translates, then who follows what they did (memory-model row 53). Inside a stage a device comes before its children.
 */
export const RESTORE_STAGES = ['ram', 'iommu', 'device'] as const

export type RestoreStage = (typeof RESTORE_STAGES)[number]

/** Sorts devices, given each before its children, for being restored. */
export function inRestoreOrder(devices: Iterable<Device>): Device[] {
  return [...devices].sort((a, b) => RESTORE_STAGES.indexOf(a.restoreStage) - RESTORE_STAGES.indexOf(b.restoreStage))
}
