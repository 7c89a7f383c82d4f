import { MappingRefusedError, type RefusedOptions, type RefusedRun } from '@hostbridge/core/memory'

/** A host cannot map what a device needs: the device is not plugged, and `refused` lists every run that is in the way. */
export class PlugRefusedError extends MappingRefusedError {
  override readonly code: string = 'vfio.plug-refused'

  constructor(device: string, refused: readonly RefusedRun[], options?: RefusedOptions) {
    super(`plugging '${device}'`, refused, options)
  }
}
