import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeConfig } from '../../lib/files/config.js'
import { labelsOf, unnamedLabels } from '../../lib/models/labels.js'
import { throws } from '../weights/build.js'

const of = (values: Record<string, unknown>) => makeConfig('config.json', values)

test('id2label of Hugging Face, in the order of the ids', () => {
  assert.equal(labelsOf(of({ id2label: { 1: 'dog', 0: 'cat' } })), ['cat', 'dog'])
  assert.equal(labelsOf(of({ id2label: { 0: 7 } })), ['7'])
  assert.equal(labelsOf(of({ id2label: {} })), [])
})

test('a gap in id2label is named, or refused', async () => {
  const config = of({ id2label: { 0: 'cat', 2: 'dog' } })
  assert.equal(labelsOf(config), ['cat', 'LABEL_1', 'dog'])
  await throws(() => labelsOf(config, 'refused'), 'CONFIG_INVALID', 'config.json, "id2label.1"')
})

test('label_names of timm, at the root or in pretrained_cfg', () => {
  assert.equal(labelsOf(of({ label_names: ['a', 'b'], id2label: { 0: 'c' } })), ['a', 'b'])
  assert.equal(labelsOf(of({ pretrained_cfg: { label_names: ['a'] } })), ['a'])
  assert.equal(labelsOf(of({ label_names: ['x'], pretrained_cfg: { label_names: ['a'] } })), ['x'])
})

test('no names at all', () => {
  assert.is(labelsOf(of({})), undefined)
  assert.is(labelsOf(of({ id2label: null, pretrained_cfg: {} })), undefined)
  assert.equal(unnamedLabels(2), ['LABEL_0', 'LABEL_1'])
})

test('bad names are refused by key', async () => {
  const bad: [Record<string, unknown>, string][] = [
    [{ id2label: ['cat'] }, '"id2label": expected an object'],
    [{ id2label: { cat: 0 } }, '"id2label.cat": expected class numbers as keys'],
    [{ id2label: { 10000000: 'cat' } }, '"id2label.10000000"'],
    [{ id2label: { 0: null } }, '"id2label.0": expected a name, got null'],
    [{ label_names: ['a', 1] }, '"label_names.1": expected a string, got 1'],
  ]
  for (const [values, message] of bad) await throws(() => labelsOf(of(values)), 'CONFIG_INVALID', message)
})

test.run()
