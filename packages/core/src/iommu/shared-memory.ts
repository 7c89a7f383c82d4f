/**
 * Shared memory that JavaScript, WebAssembly kernels and every worker see: a `WebAssembly.Memory` made with `shared: true`.
 * Structured-cloneable; a clone is the same memory.
 */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer
}

/** Bytes of a WebAssembly page: memories are made of whole ones. */
const WASM_PAGE = 65_536

// Neither the es2024 library nor Node's types declare WebAssembly, and the browser's library would bring the whole browser.
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number; shared: true }) => SharedMemory
}

/** Makes zeroed shared memory of at least `bytes`, up to 4 GiB; pages of it are committed when they are first touched. */
export function makeSharedMemory(bytes: number): SharedMemory {
  const pages = Math.max(1, Math.ceil(bytes / WASM_PAGE))
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
}
