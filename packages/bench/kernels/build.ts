import { readFile, writeFile } from 'node:fs/promises'
import loadWabt from 'wabt'

declare const WebAssembly: { validate(bytes: Uint8Array): boolean }

const source = new URL('scan.wat', import.meta.url)
const wabt = await loadWabt()
// The types of wabt do not list multi_memory; the parser knows it.
const features = { simd: true, threads: true, multi_memory: true }
const parsed = wabt.parseWat('scan.wat', await readFile(source, 'utf8'), features)
parsed.resolveNames()
const bytes = parsed.toBinary({}).buffer
// wabt's own validate() does not know the features that it was asked to parse.
if (!WebAssembly.validate(bytes))
  throw new Error(`${source.pathname} is no valid WebAssembly module on ${process.version}`)
await writeFile(new URL('scan.wasm', import.meta.url), bytes)
