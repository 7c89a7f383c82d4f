import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { kernelName, loadKernel, scanKernel } from '../../src/kernel/scan-kernel.ts'

describe('the scan kernel', () => {
  test('is built by the installation and runs here', () => {
    const kernel = scanKernel()

    expect(kernelName('linear', kernel)).toBe('wasm-simd')
    expect(kernelName('radix', kernel)).toBe('typescript')
  })

  test('gives way to TypeScript where it was not built', () => {
    const kernel = loadKernel(new URL('file:///nowhere/scan.wasm'))

    expect(kernel).toBeUndefined()
    expect(kernelName('linear', kernel)).toBe('typescript')
  })

  test('gives way to TypeScript where the host cannot run it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hostbridge-kernel-'))
    const file = join(folder, 'scan.wasm')
    await writeFile(file, 'a module of the future')

    const kernel = loadKernel(pathToFileURL(file))

    await rm(folder, { recursive: true })
    expect(kernel).toBeUndefined()
  })
})
