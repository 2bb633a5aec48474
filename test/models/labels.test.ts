import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeConfig } from '../../lib/files/config.js'
import { load } from '../../lib/index.js'
import { classCount, labelsOf, timmLabels } from '../../lib/models/labels.js'
import { rejects } from '../support/errors.js'
import { golden, withKeys } from '../support/folders.js'
import { throws } from '../weights/build.js'

const of = (values: Record<string, unknown>) => makeConfig('config.json', values)

test('id2label of Hugging Face, in the order of the ids', () => {
  assert.equal(labelsOf(of({ id2label: { 1: 'dog', 0: 'cat' } }), 2), ['cat', 'dog'])
  assert.equal(labelsOf(of({ id2label: { 0: 7 } }), 1), ['7'])
  assert.equal(labelsOf(of({ id2label: ['cat', 'dog'] }), 2), ['cat', 'dog'])
})

test('classes without a name are named by their number', () => {
  assert.equal(labelsOf(of({ id2label: { 0: 'cat', 2: 'dog' } }), 2), ['cat', 'LABEL_1'])
  assert.equal(labelsOf(of({ id2label: { 0: 'cat', 2: 'dog', 4: null } }), 3), ['cat', 'LABEL_1', 'dog'])
  assert.equal(labelsOf(of({ id2label: { 1000000000: 'cat' } }), 1), ['LABEL_0'])
  assert.equal(labelsOf(of({ id2label: null, pretrained_cfg: {} }), 2), ['LABEL_0', 'LABEL_1'])
})

test('the number of classes: entries of id2label, num_labels, or what is stored', async () => {
  const gaps = { id2label: { 0: 'a', 2: 'b', 4: 'c' } }
  assert.is(classCount(of(gaps), undefined), 3)
  assert.is(classCount(of({ ...gaps, num_labels: 4 }), 3), 4)
  assert.equal(labelsOf(of({ ...gaps, num_labels: 3 }), 3), ['a', 'LABEL_1', 'b'])
  assert.equal(labelsOf(of({ ...gaps, num_labels: 4 }), 4), ['LABEL_0', 'LABEL_1', 'LABEL_2', 'LABEL_3'])
  assert.is(classCount(of({ num_labels: 7, label2id: { a: 0 } }), 3), 7)
  assert.is(classCount(of({ id2label: {} }), 3), 0)
  assert.is(classCount(of({}), 3), 3)
  assert.is(classCount(of({}), undefined), 2)
  await throws(() => labelsOf(of({}), 3e8), 'LIMIT_EXCEEDED', "(limit 'labels', see setLimits)")
})

test('label_names of timm, at the root or in pretrained_cfg, as a list or by number, or under the older key', () => {
  assert.equal(labelsOf(of({ label_names: ['a', 'b'], id2label: { 0: 'c' } }), 2), ['a', 'b'])
  assert.equal(labelsOf(of({ pretrained_cfg: { label_names: ['a'] } }), 1), ['a'])
  assert.equal(labelsOf(of({ label_names: ['x'], pretrained_cfg: { label_names: ['a'] } }), 1), ['x'])
  assert.equal(labelsOf(of({ pretrained_cfg: { label_names: { 1: 'b' } } }), 2), ['LABEL_0', 'b'])
  assert.equal(labelsOf(of({ labels: ['a', 'b'] }), 2), ['a', 'b'])
  assert.equal(labelsOf(of({ pretrained_cfg: { labels: { 0: 'a' } } }), 1), ['a'])
})

test('ImageNet: the names that timm has in imagenet_info.py, by the number of classes', async () => {
  const known: [number, number, string][] = [
    [1000, 0, 'tench, Tinca tinca'],
    [1000, 207, 'golden retriever'],
    [1000, 850, 'teddy, teddy bear'],
    [1000, 999, 'toilet tissue, toilet paper, bathroom tissue'],
    [11221, 207, 'cyprinid, cyprinid fish'],
    [11821, 207, 'pond scum'],
    [21841, 21840, 'knothole'],
    [21842, 207, 'golden retriever'],
    [21843, 0, 'organism, being'],
  ]
  for (const [classes, id, name] of known) {
    const labels = (await timmLabels(of({}), classes))!
    assert.is(labels.length, classes)
    assert.is(labels[id], name, `${classes} classes`)
  }
  assert.equal(await timmLabels(of({}), 2), ['LABEL_0', 'LABEL_1'])
  assert.is((await timmLabels(of({ label_names: ['a'] }), 1000))![0], 'a')
  assert.is(await timmLabels(of({}), 0), undefined)
})

test('label_descriptions of timm, by class name', async () => {
  const keys = { label_names: ['a', 'b'], label_descriptions: { a: 'first', b: 'second' } }
  const source = golden('timm-vit-token')
  using model = await load(withKeys(source, keys))
  assert.equal(model.info.labels?.slice(0, 3), ['a', 'b', 'LABEL_2'])
  assert.equal([...model.info.labelDescriptions!], Object.entries(keys.label_descriptions))
  const bad = withKeys(source, { pretrained_cfg: { label_descriptions: { a: 1 } } })
  await rejects(() => load(bad), 'CONFIG_INVALID', /"pretrained_cfg\.label_descriptions\.a"/)
})

test('bad names are refused by key', async () => {
  const bad: [Record<string, unknown>, string][] = [
    [{ id2label: 'cat' }, '"id2label": expected an object'],
    [{ id2label: { cat: 0 } }, '"id2label.cat": expected class numbers as keys'],
  ]
  const odd = { id2label: { '-1': 'a', ' 0': true, '+1': ['b', 1], 2: null } }
  assert.equal(labelsOf(of(odd), 3), ['true', '["b",1]', 'LABEL_2'])
  for (const [values, message] of bad) await throws(() => labelsOf(of(values), 1), 'CONFIG_INVALID', message)
})

for (const name of ['vit-classifier', 'convnext-v1', 'bert-classifier'])
  test(`${name}: the declared number of classes must be the stored one`, async () => {
    const source = golden(name)
    using model = await load(withKeys(source, { id2label: undefined, num_labels: undefined }))
    const count = model.info.labels!.length
    assert.is(model.info.labels![1], 'LABEL_1')
    const more = withKeys(source, { id2label: undefined, num_labels: count + 1 })
    await rejects(() => load(more), 'SHAPE_MISMATCH', /classifier/)
    const huge = withKeys(source, { id2label: undefined, num_labels: 300_000_000 })
    await rejects(() => load(huge), 'LIMIT_EXCEEDED', /config\.json: labels: expected at most 1000000/)
  })

test.run()
