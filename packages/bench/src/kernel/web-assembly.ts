import type { SharedMemory } from '@hostbridge/core/iommu'

/** A compiled module. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: 'WebAssembly.Module'
}

/** What the scan kernel exports; both ranges of entries are of the table memory, the end exclusive. */
export interface ScanExports {
  /** Goes on merging runs, and returns the entry that it has not looked at yet. */
  scan(first: number, last: number): number
  /** Reads every entry, and returns whether any bit is set. */
  read(first: number, last: number): number
}

// Neither the es2024 library nor Node's types declare WebAssembly.
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => WasmModule
  readonly Instance: new (
    module: WasmModule,
    imports: { hostbridge: { table: SharedMemory; runs: SharedMemory } },
  ) => { readonly exports: unknown }
}

/** Compiles a module; `undefined` where this host lacks a feature that it needs. */
export function compile(bytes: Uint8Array): WasmModule | undefined {
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined
}

/** Binds the kernel to one segment of a table and one run buffer; 20 to 40 µs. */
export function instantiate(module: WasmModule, table: SharedMemory, runs: SharedMemory): ScanExports {
  return new WebAssembly.Instance(module, { hostbridge: { table, runs } }).exports as ScanExports
}
