import { writeFile } from 'node:fs/promises'
import { HostbridgeError } from '@hostbridge/core'
import type { Machine } from '@hostbridge/core/machine'
import {
  type AddressSpace,
  describeMap,
  drawAddressSpace,
  formatQemuFlatViews,
  formatQemuTree,
} from '@hostbridge/core/memory'
import { Command } from 'commander'
import type { Perform } from '../action.ts'
import { describeSpace } from '../describe-space.ts'
import { ExitStatus } from '../exit-status.ts'
import type { Output } from '../output.ts'
import { loadScenario } from '../scenario.ts'

interface MtreeOptions {
  readonly json?: boolean
  readonly qemu?: boolean
  readonly svg?: string
  readonly space?: string
}

/** `hostbridge mtree SCENARIO`: prints the memory tree and the flat views of a scenario's machine. */
export function mtreeCommand(perform: Perform): Command {
  return new Command('mtree')
    .description("print the memory tree and the flat views of a scenario's machine")
    .argument('<scenario>', "a module's path, or the name of one in examples/")
    .option('--qemu', "print them as QEMU's `info mtree` and `info mtree -f` do")
    .option('--svg <file>', 'draw an address space into a file as well')
    .option('--space <name>', 'the address space to draw; the first one unless told')
    .option('--json', 'print one JSON object and nothing else')
    .action((name: string, options: MtreeOptions) => perform(options, (output) => mtree(name, options, output)))
}

async function mtree(name: string, { qemu, svg, space }: MtreeOptions, output: Output): Promise<number> {
  const { build } = await loadScenario(name)
  const machine = build()
  const { memory } = machine
  const drawn = spaceOf(machine, space)
  if (svg !== undefined) await writePicture(svg, drawn)
  output.line(qemu ? `${formatQemuTree(memory)}${formatQemuFlatViews(memory)}`.trimEnd() : machine.mtree())
  output.result({
    scenario: name,
    machine: machine.name,
    spaces: memory.spaces.map(describeSpace),
    ...describeMap(memory),
    ...(svg !== undefined && { picture: { file: svg, space: drawn.name } }),
  })
  return ExitStatus.good
}

function spaceOf(machine: Machine, name: string | undefined): AddressSpace {
  const { spaces } = machine.memory
  const found = name === undefined ? machine.space : spaces.find((space) => space.name === name)
  if (found !== undefined) return found
  throw new HostbridgeError(
    'mtree.space',
    `machine '${machine.name}' has no address space '${name}': take one of ${spaces.map((space) => space.name).join(', ')}`,
    { machine: machine.name, space: name },
  )
}

async function writePicture(file: string, space: AddressSpace): Promise<void> {
  try {
    await writeFile(file, drawAddressSpace(space))
  } catch (cause) {
    throw new HostbridgeError('mtree.svg', `${file} cannot be written: ${String(cause)}`, { file }, { cause })
  }
}
