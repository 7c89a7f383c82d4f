import { expect } from 'vitest'
import { Notifier } from '../../../src/iommu/index.ts'
import { AliasRegion, RomDeviceRegion } from '../../../src/memory/index.ts'
import { isValid, transfer } from './model-access.ts'
import type { ModelKind } from './model-region.ts'
import { keyOf } from './paint.ts'
import type { RegionPair, Scene } from './scene.ts'

/** A place that becomes an address once the unit is known: so many units from the beginning, or from the end. */
export interface Place {
  readonly units: number
  readonly fromEnd: boolean
  readonly wiggle: number
}

/** One step's parameters; which of them count depends on the step, and numbers choose among what is there. */
export interface Draw {
  readonly one: number
  readonly other: number
  readonly kind: ModelKind
  readonly at: Place
  readonly to: Place
  readonly size: Place
  readonly priority: number
  readonly flag: boolean
  readonly length: number
}

/** What can be done; a step that composers may not make either does nothing or sees both sides refuse. */
export const STEPS: Record<string, (scene: Scene, draw: Draw) => void> = {
  make(scene, draw) {
    const { one, other, kind, at, to, length, priority } = draw
    const target = choose(scene.regions, one)
    const region = scene.makeRegion(kind, sizeOf(scene, draw), target, addressOf(scene, to), length)
    add(scene, choose(scene.regions, other), region, addressOf(scene, at), priority)
  },
  add(scene, { one, other, at, priority }) {
    add(scene, choose(scene.regions, other), choose(scene.regions, one), addressOf(scene, at), priority)
  },
  remove(scene, { one }) {
    const { model, real } = choose(scene.regions, one)
    scene.model.remove(model)
    real.container?.remove(real)
  },
  enable(scene, { one, flag }) {
    const { model, real } = choose(scene.regions, one)
    if (model.enabled !== flag) {
      scene.model.change(true, () => {
        model.enabled = flag
      })
    }
    real.setEnabled(flag)
  },
  readonly(scene, { one, flag }) {
    const { model, real } = choose(scene.regions, one)
    if (model.readonly !== flag) {
      scene.model.change(model.enabled, () => {
        model.readonly = flag
      })
    }
    real.setReadonly(flag)
  },
  nonvolatile(scene, { one, flag }) {
    const { model, real } = choose(scene.regions, one)
    if (model.nonvolatile !== flag) {
      scene.model.change(model.enabled, () => {
        model.nonvolatile = flag
      })
    }
    real.setNonvolatile(flag)
  },
  unmergeable(scene, { one, flag }) {
    const { model, real } = choose(scene.regions, one)
    if (model.unmergeable !== flag) {
      scene.model.change(model.enabled, () => {
        model.unmergeable = flag
      })
    }
    real.setUnmergeable(flag)
  },
  dirtyMask(scene, { one, length }) {
    const { model, real } = choose(scene.regions, one)
    const mask = length % 8
    if (model.dirtyMask !== mask) {
      scene.model.change(model.enabled, () => {
        model.dirtyMask = mask
      })
    }
    real.setDirtyMask(mask)
  },
  romMode(scene, { one, flag }) {
    const { model, real } = choose(scene.regions.filter(isFlash), one) ?? scene.regions[0]!
    if (!(real instanceof RomDeviceRegion)) return
    if (model.romMode !== flag) {
      scene.model.change(model.enabled, () => {
        model.romMode = flag
      })
    }
    real.setRomMode(flag)
  },
  resize(scene, draw) {
    const { model, real } = choose(scene.regions, draw.one)
    const size = sizeOf(scene, draw)
    const limited = ['ram', 'romd', 'ramd', 'mmio'].includes(model.kind)
    if (model.kind === 'iommu' || (limited && size > model.backing)) return
    if (model.size !== size) {
      scene.model.change(true, () => {
        model.size = size
      })
    }
    real.setSize(size)
  },
  move(scene, { one, at }) {
    const { model, real } = choose(scene.regions, one)
    // A move that leaves nothing pending would show itself at the next commit only, where a root's own address counts (FV-11).
    if (model.parent === undefined || scene.spaces.some((space) => keyOf(space.model.root) === model)) return
    scene.model.move(model, addressOf(scene, at))
    real.setAddress(addressOf(scene, at))
  },
  retarget(scene, { one, to }) {
    const { model, real } = choose(scene.regions.filter(isAlias), one) ?? scene.regions[0]!
    if (!(real instanceof AliasRegion)) return
    const offset = addressOf(scene, to)
    if (model.targetOffset !== offset) {
      scene.model.change(model.enabled, () => {
        model.targetOffset = offset
      })
    }
    real.setTargetOffset(offset)
  },
  begin(scene) {
    if (scene.model.depth === 3) return
    scene.model.begin()
    scene.real.begin()
  },
  commit(scene) {
    if (scene.model.depth === 0) {
      expect(() => scene.real.commit()).toThrow('no transaction')
      return
    }
    scene.model.commit()
    scene.real.commit()
  },
  createSpace(scene, { one }) {
    // Inside a transaction a new space may show another's view as it was before.
    if (scene.model.depth === 0 && scene.spaces.length < 5) scene.createSpace(choose(scene.regions, one))
  },
  destroySpace(scene, { one }) {
    const space = choose(scene.spaces.slice(2), one)
    if (space !== undefined && !scene.listeners.some(({ model }) => model.space === space.model)) {
      scene.destroySpace(space)
    }
  },
  listen(scene, { one, priority }) {
    if (scene.listeners.length < 4) scene.listenTo(choose(scene.spaces, one), priority)
  },
  endListening(scene, { one }) {
    const listener = choose(scene.listeners, one)
    if (listener !== undefined) scene.endListening(listener)
  },
  read(scene, draw) {
    access(scene, draw, false)
  },
  write(scene, draw) {
    access(scene, draw, true)
  },
  valid(scene, draw) {
    const { model, real } = choose(scene.spaces, draw.one)
    const wanted = 1 + (draw.other % 3)
    const address = edgeOf(scene, draw)
    expect(real.valid(address, draw.length, wanted)).toBe(isValid(model, address, draw.length, wanted))
  },
  map(scene, { one, other, at, to, length }) {
    const found = choose(scene.regions.filter(isIommu), one)
    if (found?.iommu === undefined) return
    const [first, pages] = pagesOf(scene, found, at, length)
    const page = addressOf(scene, to) / 4096n
    if (page + pages > 2n ** 52n) return
    const permission = 1 + (other % 3)
    found.model.table?.map(first, pages, page, permission)
    const letters = (['r', 'w', 'rw'] as const)[permission - 1]!
    found.iommu.map({ iova: first * 4096n, size: pages * 4096n, to: page * 4096n, access: letters })
  },
  unmap(scene, { one, at, length }) {
    const found = choose(scene.regions.filter(isIommu), one)
    if (found?.iommu === undefined) return
    const [first, pages] = pagesOf(scene, found, at, length)
    found.model.table?.unmap(first, pages)
    found.iommu.unmap({ iova: first * 4096n, size: pages * 4096n })
  },
  notify(scene, { one, other, at, to, length }) {
    const iommu = choose(scene.regions.filter(isIommu), one)
    if (iommu?.iommu === undefined || scene.notifiers.length === 4) return
    const [start, last] = [addressOf(scene, at), addressOf(scene, to)].sort((a, b) => (a < b ? -1 : 1))
    const model = { name: `N${scene.notifiers.length}.${length}`, flags: 1 + (other % 3), start: start!, last: last! }
    const real = new Notifier({
      name: model.name,
      flags: model.flags,
      range: { start: model.start, last: model.last },
      notify({ type, iova, size, translatedAddress, permission }) {
        const place = `${iova.toString(16)}..${(iova + size - 1n).toString(16)}`
        const target = type === 'map' ? ` -> ${translatedAddress.toString(16)} permission ${permission}` : ''
        scene.log.push(`${model.name} ${type} ${place}${target}`)
        return undefined
      },
    })
    scene.notifiers.push({ model, real, iommu })
    iommu.model.table?.notifiers.unshift(model)
    iommu.iommu.register(real)
  },
  endNotifying(scene, { one }) {
    const found = choose(scene.notifiers, one)
    const table = found?.iommu.model.table
    if (found === undefined || table === undefined) return
    scene.notifiers = scene.notifiers.filter((other) => other !== found)
    table.notifiers = table.notifiers.filter((other) => other !== found.model)
    found.iommu.iommu?.unregister(found.real)
  },
  replay(scene, { one }) {
    const found = choose(scene.notifiers, one)
    if (found === undefined) return
    found.iommu.model.table?.replay(found.model)
    found.iommu.iommu?.replay(found.real)
  },
}

function choose<T>(all: readonly T[], number: number): T {
  return all[number % all.length] as T
}

function add(scene: Scene, parent: RegionPair, child: RegionPair, address: bigint, priority: number): void {
  const isRefused = parent.model.kind === 'alias' || child.model.parent !== undefined || child.model.shows(parent.model)
  const addReal = () => parent.real.add(child.real, address, { priority })
  if (isRefused) {
    expect(addReal).toThrow('cannot be added to')
    return
  }
  scene.model.add(parent.model, child.model, address, priority)
  addReal()
}

function access(scene: Scene, draw: Draw, write: boolean): void {
  const { model, real } = choose(scene.spaces, draw.one)
  const address = edgeOf(scene, draw)
  const data = Uint8Array.from({ length: draw.length }, (_, i) => (draw.other * 17 + i * 31 + 1) % 256)
  const expected = data.slice()

  const expectedResult = transfer(model, address, expected, write)
  const result = write ? real.write(address, data) : real.read(address, data)

  expect([result, [...data]]).toEqual([expectedResult, [...expected]])
}

/** Up to eight bytes from where a range begins or ends, or from any multiple of the unit. */
function edgeOf(scene: Scene, { one, other, at, to, flag }: Draw): bigint {
  const range = choose(choose(scene.spaces, one).model.view, other)
  const anywhere = range === undefined || other % 3 === 0
  const edge = anywhere ? addressOf(scene, to) : flag ? range.start : range.last
  return BigInt.asUintN(64, edge + BigInt(at.units - 8))
}

function addressOf(scene: Scene, { units, fromEnd, wiggle }: Place): bigint {
  const distance = BigInt(units) * scene.unit + BigInt(wiggle)
  return BigInt.asUintN(64, fromEnd ? 2n ** 64n - distance : distance)
}

/** 1 to 2^64; an IOMMU's is in whole pages. */
function sizeOf(scene: Scene, { size, kind }: Draw): bigint {
  const bytes = addressOf(scene, size) || 2n ** 64n
  return kind === 'iommu' ? ((bytes + 4095n) / 4096n) * 4096n : bytes
}

/** At most eight pages inside a window. */
function pagesOf(scene: Scene, { model }: RegionPair, at: Place, length: number): [bigint, bigint] {
  const all = model.size / 4096n
  const first = (addressOf(scene, at) / 4096n) % all
  const wanted = BigInt(1 + (length % 8))
  return [first, first + wanted > all ? all - first : wanted]
}

function isAlias({ model }: RegionPair): boolean {
  return model.kind === 'alias'
}

function isFlash({ model }: RegionPair): boolean {
  return model.kind === 'romd'
}

function isIommu({ model }: RegionPair): boolean {
  return model.kind === 'iommu'
}
