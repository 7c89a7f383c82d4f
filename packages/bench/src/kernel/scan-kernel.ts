import { readFileSync } from 'node:fs'
import { compile, type WasmModule } from './web-assembly.ts'

/** Which loop merges runs: the WebAssembly kernel, or the same in TypeScript. */
export type KernelName = 'wasm-simd' | 'typescript'

/** Where the package's install puts the kernel, seen from `src` as from `dist`. */
const BUILT = new URL('../../kernels/scan.wasm', import.meta.url)

let loaded: { readonly kernel: WasmModule | undefined } | undefined

/**
 * The scan kernel; `undefined` where it was not built or this host cannot run it, and then TypeScript does its work.
 *
 * @throws Error of the file system for anything but a missing file.
 */
export function scanKernel(): WasmModule | undefined {
  loaded ??= { kernel: loadKernel(BUILT) }
  return loaded.kernel
}

/** Loads a kernel from a file; `undefined` where there is none. */
export function loadKernel(file: URL): WasmModule | undefined {
  try {
    return compile(readFileSync(file))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** The kernel that walks sources of this kind: only linear tables have a WebAssembly one. */
export function kernelName(kind: 'linear' | 'radix', kernel: WasmModule | undefined): KernelName {
  return kind === 'linear' && kernel !== undefined ? 'wasm-simd' : 'typescript'
}
