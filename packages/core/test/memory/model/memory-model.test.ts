import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { Scene } from './scene.ts'
import { type Draw, type Place, STEPS } from './steps.ts'

// HOSTBRIDGE_MODEL_RUNS raises the number of random histories per unit, 40 unless told: 10000 take some minutes.
// A failure prints its seed and path: give them to `test.prop` as `{ seed, path }` to see it again.

const numRuns = Number(process.env.HOSTBRIDGE_MODEL_RUNS ?? 40)

/** One step of a history, shrunk by fast-check to the fewest and simplest that still fail. */
class Step implements fc.Command<Scene, Scene> {
  readonly #name: string
  readonly #draw: Draw

  constructor(name: string, draw: Draw) {
    this.#name = name
    this.#draw = draw
  }

  check(): boolean {
    return true
  }

  run(scene: Scene): void {
    STEPS[this.#name]?.(scene, this.#draw)
    scene.compare()
  }

  toString(): string {
    return `${this.#name}(${JSON.stringify(this.#draw)})`
  }
}

const WEIGHTS: Record<string, number> = {
  enable: 2,
  move: 3,
  resize: 2,
  listen: 2,
  read: 5,
  write: 5,
  valid: 2,
  map: 4,
}

const STEP_NAMES: readonly string[] = Object.keys(STEPS).flatMap((name) =>
  new Array<string>(WEIGHTS[name] ?? 1).fill(name),
)

/** Draws of places around multiples of the unit, of which many are 0: there views are shared. */
function draws(wiggle: fc.Arbitrary<number>): fc.Arbitrary<Draw> {
  const chooser = fc.nat({ max: 30 })
  const anywhere: fc.Arbitrary<Place> = fc.record({
    units: fc.nat({ max: 16 }),
    fromEnd: fc.nat({ max: 9 }).map((n) => n === 9),
    wiggle,
  })
  const beginning: fc.Arbitrary<Place> = fc.constant({ units: 0, fromEnd: false, wiggle: 0 })
  const place = fc.oneof(anywhere, anywhere, beginning)
  return fc.record({
    one: chooser,
    other: fc.oneof(fc.nat({ max: 1 }), chooser),
    kind: fc.constantFrom(
      'container',
      'ram',
      'ram',
      'romd',
      'ramd',
      'mmio',
      'mmio',
      'reserved',
      'alias',
      'alias',
      'alias',
      'iommu',
    ),
    at: place,
    to: place,
    size: fc.oneof(anywhere, anywhere, anywhere, anywhere, beginning),
    priority: fc.integer({ min: -1, max: 1 }),
    flag: fc.boolean(),
    length: fc.nat({ max: 20 }),
  })
}

/** A few regions to begin with, then anything. */
function histories(wiggle: fc.Arbitrary<number>): fc.Arbitrary<[Draw[], Iterable<fc.Command<Scene, Scene>>]> {
  const draw = draws(wiggle)
  const step = fc.tuple(fc.constantFrom(...STEP_NAMES), draw).map(([name, one]) => new Step(name, one))
  return fc.tuple(
    fc.array(draw, { minLength: 3, maxLength: 10, size: 'max' }),
    fc.commands([step], { maxCommands: 50, size: 'max' }),
  )
}

describe.each([
  ['a byte', 1n, fc.constant(0)],
  ['24 bytes, and a byte more or less', 24n, fc.integer({ min: -1, max: 1 })],
  ['a page', 4096n, fc.constant(0)],
  ['a page, and some bytes more or less', 4096n, fc.integer({ min: -5, max: 5 })],
  ['2^59 bytes', 2n ** 59n, fc.constant(0)],
])('random histories in units of %s', (_, unit, wiggle) => {
  test.prop([histories(wiggle)], { numRuns })(
    'the memory system does what the naive model does',
    ([regions, history]) => {
      const scene = new Scene(unit)
      for (const draw of regions) STEPS.make?.(scene, draw)

      fc.modelRun(() => ({ model: scene, real: scene }), history)

      while (scene.model.depth > 0) STEPS.commit?.(scene, {} as Draw)
      scene.compare()
      expect(scene.spaces.length).toBeGreaterThanOrEqual(2)
    },
    30_000 + numRuns * 200,
  )
})
