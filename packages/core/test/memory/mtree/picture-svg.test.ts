import { expect, test } from 'vitest'
import { container, drawAddressSpace, MemorySystem, mmio, ram } from '../../../src/memory/index.ts'
import { board } from './board.ts'

test('a small space as a picture', () => {
  const root = container('system')
  root.add(ram('ram', 0x10_0000n), 0n)
  root.add(mmio('uart & <friends>', 0x1000n, { read: () => 0, write() {} }), 0x8_0000n, { priority: 1 })
  const space = new MemorySystem('machine').createSpace('memory', root)

  const picture = drawAddressSpace(space).replace(/<style>[\s\S]*<\/style>/, '<style/>')

  expect(`\n${picture}`).toMatchInlineSnapshot(`
    "
    <svg xmlns="http://www.w3.org/2000/svg" width="868" height="266" viewBox="0 0 868 266">
    <style/>
    <rect class="page" width="868" height="266"/>
    <text x="16" y="24" class="title">address space memory</text>
    <text x="148" y="46" class="faint">what is seen</text>
    <text x="324" y="46" class="faint">regions, outermost first</text>
    <line class="edge" x1="16" y1="56" x2="852" y2="56"/><text x="16" y="71" class="faint">0000000000000000</text>
    <line class="edge" x1="16" y1="109" x2="852" y2="109"/><text x="16" y="124" class="faint">0000000000080000</text>
    <line class="edge" x1="16" y1="151" x2="852" y2="151"/><text x="16" y="166" class="faint">0000000000081000</text>
    <line class="edge" x1="16" y1="202" x2="852" y2="202"/><text x="16" y="217" class="faint">0000000000100000</text><text x="156" y="217" class="faint">⋮ ~16.0 EiB</text>
    <g><title>0000000000000000-000000000007ffff (512 KiB)  ram  ram</title><rect class="box ram" x="151" y="57" width="170" height="51" rx="3"/><text x="157" y="72">ram</text><text x="157" y="87" class="faint">ram, 512 KiB</text></g>
    <g><title>0000000000080000-0000000000080fff (4 KiB)  mmio  uart &#38; &#60;friends&#62;</title><rect class="box mmio" x="151" y="110" width="170" height="40" rx="3"/><text x="157" y="125">uart &#38; &#60;friends&#62;</text><text x="157" y="140" class="faint">mmio, 4 KiB</text></g>
    <g><title>0000000000081000-00000000000fffff (508 KiB)  ram  ram  @0000000000081000</title><rect class="box ram" x="151" y="152" width="170" height="49" rx="3"/><text x="157" y="167">ram</text><text x="157" y="182" class="faint">ram, 508 KiB</text></g>
    <g><title>0000000000000000-ffffffffffffffff (16 EiB)  container  system</title><rect class="box container" x="327" y="57" width="170" height="168" rx="3"/><text x="333" y="72">system</text><text x="333" y="87" class="faint">container, 16 EiB</text></g>
    <g><title>0000000000000000-00000000000fffff (1 MiB)  ram  ram</title><rect class="box ram" x="503" y="57" width="170" height="144" rx="3"/><text x="509" y="72">ram</text><text x="509" y="87" class="faint">ram, 1 MiB</text></g>
    <g><title>0000000000080000-0000000000080fff (4 KiB)  mmio  uart &#38; &#60;friends&#62;  priority 1</title><rect class="box mmio" x="679" y="110" width="170" height="40" rx="3"/><text x="685" y="125">uart &#38; &#60;friends&#62;</text><text x="685" y="140" class="faint">mmio, 4 KiB</text></g>
    <text x="16" y="238" class="faint">ffffffffffffffff</text>
    </svg>
    "
  `)
})

test('whatever is drawn lies inside of the picture', () => {
  const picture = drawAddressSpace(board().memory)
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(picture)!.map(Number)

  for (const [, x, y, w, h] of picture.matchAll(
    /<rect class="box[^"]*" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/g,
  )) {
    expect(Number(x) + Number(w)).toBeLessThan(width!)
    expect(Number(y) + Number(h)).toBeLessThan(height!)
  }
})

test('names that are too long for their box are cut', () => {
  const root = container('x'.repeat(100))
  const space = new MemorySystem('machine').createSpace('memory', root)

  const picture = drawAddressSpace(space)

  expect(picture).toContain('>xxxxxxxxxxxxxxxxxxxxx…</text>')
})

test('a picture is well-formed whatever regions are called', () => {
  const root = container('<"&>')
  const space = new MemorySystem('machine').createSpace('<&>', root)

  expect(drawAddressSpace(space)).not.toMatch(/<"|&>|<&/)
})
