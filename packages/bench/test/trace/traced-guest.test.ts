import { describe, expect, it } from 'vitest'
import { parseLine } from '../../src/trace/parse-line.ts'
import { TracedGuest } from '../../src/trace/traced-guest.ts'
import { buildTracedMachine, type TracedMachine } from '../../src/trace/traced-machine.ts'

interface Built extends TracedMachine {
  readonly guest: TracedGuest
  readonly checkpoints: number[]
}

function build(withoutPuts = false): Built {
  const traced = buildTracedMachine()
  const checkpoints: number[] = []
  const onCheckpoint = ({ line }: { line: number }): number => checkpoints.push(line)
  return { ...traced, checkpoints, guest: new TracedGuest(traced, { file: 'a.trace.gz', withoutPuts, onCheckpoint }) }
}

function play({ guest }: Built, ...lines: string[]): void {
  for (const [index, line] of lines.entries()) guest.do(parseLine(line, index + 1))
}

describe('the guest of a trace', () => {
  it('puts, puts lists from its memory in big-endian order, and stuffs', () => {
    const built = build()

    play(
      built,
      '0 put 80000000 1000 5003',
      '0 indirect 80000000 2000 2 6003 800000000007001',
      '0 stuff 80000000 4000 8002 2',
    )

    const { window } = built.phb
    expect([1, 2, 3, 4, 5].map((index) => window.entryAt(index))).toEqual([
      0x5003n,
      0x6003n,
      0x800000000007001n,
      0x8002n,
      0x8002n,
    ])
  })

  it('leaves puts and lists out when told to', () => {
    const built = build(true)

    play(built, '0 put 80000000 1000 5003', '0 indirect 80000000 2000 1 6003', '0 xlate 80000000 1000 1')

    expect(built.phb.window.entryAt(1)).toBe(0n)
    expect([built.guest.translations, built.guest.faults]).toEqual([1, 1])
  })

  it('counts a translation of a forbidden access, of a missing window and outside a window as faults', () => {
    const built = build()

    play(
      built,
      '1 put 80000000 1000 5001',
      '2 xlate 80000000 1fff 1',
      '3 xlate 80000000 1000 2',
      '4 xlate 80000001 1000 1',
      '5 xlate 80000100 1000 1',
      '6 xlate 80000000 40000000 1',
    )

    expect([built.guest.translations, built.guest.faults]).toEqual([5, 4])
  })

  it('opens and closes windows', () => {
    const built = build()

    play(
      built,
      '1 enable 80000000 12 0 40000',
      '1 enable 80000001 16 800000000000000 10',
      '2 disable 80000000',
      '3 put 80000001 8000000000f0000 10003',
    )

    expect(built.phb.windows.active.map((table) => table.liobn)).toEqual([0x80000001])
    expect(built.phb.window64?.window).toEqual({ pageShift: 16, busOffset: 0x800000000000000n, entries: 16 })
    expect(built.phb.window64?.entryAt(15)).toBe(0x10003n)
  })

  it('opens a window empty, one that is open already too', () => {
    const built = build()

    play(built, '0 put 80000000 1000 5003', '1 enable 80000000 12 0 40000')

    expect(built.phb.window.entryAt(1)).toBe(0n)
  })

  it('hands checkpoints on', () => {
    const built = build()

    play(built, '1 xlate 80000000 0 1', '1 checkpoint 80000000 0 0')

    expect(built.checkpoints).toEqual([2])
  })

  it.each([
    [
      'a put outside its window',
      '1 put 80000000 40000000 3',
      'here it returns -4 for LIOBN 0x80000000, ioba 0x40000000',
    ],
    ['a checkpoint of no table', '1 checkpoint 80000002 0 0', 'the machine has no table of LIOBN 0x80000002'],
    [
      'a window of impossible pages',
      '1 enable 80000001 13 0 10',
      'no such window can be opened: .* page shift 13 is none of',
    ],
  ])('cannot have done %s: the trace is damaged, with file and line', (_, line, what) => {
    const built = build()

    expect(() => play(built, '0 stuff 80000000 0 0 1', line)).toThrowError(
      expect.objectContaining({
        code: 'trace.damaged',
        facts: expect.objectContaining({ file: 'a.trace.gz', line: 2, what: expect.stringMatching(what) }),
        message: expect.stringContaining('a.trace.gz, line 2: '),
      }),
    )
  })
})
