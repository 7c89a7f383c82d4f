import { expect, test } from 'vitest'
import { devicesBelow } from '../../src/machine/device-tree.ts'
import { Machine } from '../../src/machine/machine.ts'
import { Recorder } from './recorder.ts'

test('a walk gives each device before its children, siblings in the order of plugging', () => {
  const machine = new Machine('pc')
  const [a, b] = ['a', 'b'].map((name) => machine.plug(new Recorder(name)))
  const [a1, , a2] = [a, b, a].map((parent, index) =>
    machine.plug(new Recorder(`${index}`), { parent: parent as Recorder }),
  )
  machine.plug(new Recorder('deep'), { parent: a1 as Recorder })

  const below = Array.from(devicesBelow([a as Recorder]), ({ path }) => path)

  expect(below).toEqual(['a', 'a/0', 'a/0/deep', 'a/2'])
  expect(Array.from(machine.devices(), ({ path }) => path)).toEqual([...below, 'b', 'b/1'])
  expect(a2?.children).toEqual([])
})
