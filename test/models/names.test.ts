import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { verify } from '../../lib/cli/verify/verify.js'
import { load } from '../../lib/models/load.js'
import { inFolder, rejects, type TensorBytes, writeSafetensors } from '../weights/build.js'
import { golden, openChanged } from './goldens.js'

/** One case of each family and layout. */
const cases = [
  ...['bert-pretraining', 'bert-model', 'bert-legacy-names', 'clip-gelu', 'convnext-v1', 'dino-v1'],
  ...[
    'dinov2-registers',
    'gpt2-lm',
    'marian-mt',
    'timm-convnext',
    'timm-vit-token',
    'torch-transformer-post',
  ],
  ...['torchvision-convnext', 'torchvision-vit', 'vit-classifier', 'vit-model'],
]

/** Calls `use` with a copy of a case whose tensors have other names, each perhaps several or none. */
async function withNames(
  name: string,
  names: (name: string) => readonly string[],
  use: (dir: string) => Promise<unknown>,
  more: readonly TensorBytes[] = [],
): Promise<void> {
  await inFolder(async (dir) => {
    await cp(golden(name), dir, { recursive: true })
    const file = join(dir, 'model.safetensors')
    const bytes = await readFile(file)
    const start = 8 + Number(bytes.readBigUInt64LE())
    const { __metadata__: _, ...header } = JSON.parse(bytes.toString('utf8', 8, start))
    const tensors = Object.entries<{ dtype: 'F32'; shape: number[]; data_offsets: [number, number] }>(header)
    await writeSafetensors(file, [
      ...tensors.flatMap(
        ([
          old,
          {
            dtype,
            shape,
            data_offsets: [begin, end],
          },
        ]) => {
          const data = bytes.subarray(start + begin, start + end)
          return names(old).map((name) => ({ name, dtype, shape, data }))
        },
      ),
      ...more,
    ])
    await use(dir)
  })
}

async function agrees(dir: string): Promise<void> {
  let runs = 0
  for await (const { pass, run, error } of verify(dir)) {
    assert.ok(pass, `run ${run}: ${error ?? 'other outputs'}`)
    runs++
  }
  assert.ok(runs > 0, 'no runs')
}

const one = (name: string): TensorBytes => ({ name, dtype: 'F32', shape: [1], data: Float32Array.of(1) })

for (const name of cases) {
  for (const prefix of [
    'module.',
    '_orig_mod.',
    'module._orig_mod.',
    'model.',
    'base_model.model.',
    'net.module.',
  ])
    test(`${name}: all names begin with ${prefix}`, () => withNames(name, (each) => [prefix + each], agrees))

  test(`${name}: names beside the prefix of the model are unused, and listed`, () =>
    withNames(
      name,
      (each) => [`backbone.${each}`],
      async (dir) => {
        await agrees(dir)
        using model = await load(dir)
        assert.equal(model.info.unused.slice(-2), [
          { name: 'criterion.weight', reason: 'not under backbone., where the model is' },
          { name: 'n_averaged', reason: 'not under backbone., where the model is' },
        ])
      },
      [one('criterion.weight'), one('n_averaged')],
    ))

  test(`${name}: two models in one file are refused`, () =>
    withNames(
      name,
      (each) => [`student.${each}`, `teacher.${each}`],
      (dir) => rejects(load(dir), 'TENSOR_MISSING', 'under several prefixes', 'student.', 'teacher.'),
    ))

  test(`${name}: a layer too many is refused under a prefix too`, () =>
    withNames(
      name,
      (each) => [`model.${each}`, ...(/\b0\b/.test(each) ? [`model.${each.replace(/\b0\b/, '77')}`] : [])],
      (dir) => rejects(load(dir), 'TENSOR_UNEXPECTED', '77'),
    ))
}

/** Groups of names of one tied weight. */
const tied: Record<string, readonly string[]> = {
  'bert-pretraining': ['bert.embeddings.word_embeddings.weight', 'cls.predictions.decoder.weight'],
  'gpt2-lm': ['transformer.wte.weight', 'lm_head.weight'],
  'marian-mt': [
    ...['model.shared.weight', 'model.encoder.embed_tokens.weight', 'model.decoder.embed_tokens.weight'],
    'lm_head.weight',
  ],
}
for (const [name, group] of Object.entries(tied)) {
  const others = (each: string) => (group.includes(each) ? [] : [each])
  const first = (each: string, names: readonly string[]) => (each === stored(name) ? names : others(each))
  for (const only of group)
    test(`${name}: the tied weights are stored as ${only} only`, () =>
      withNames(name, (each) => first(each, [only]), agrees))

  test(`${name}: the tied weights are stored under every name`, () =>
    withNames(name, (each) => first(each, group), agrees))
}

/** The name of a tied weight in the case. */
function stored(name: string): string {
  return name === 'marian-mt' ? 'model.shared.weight' : tied[name]![0]!
}

test('vit-mae: the layers of the decoder have the names that save_pretrained() of transformers 5 writes', () =>
  withNames(
    'vit-mae',
    (each) => [each.replace('decoder.decoder_layers.', 'decoder.decoder_encoder.layer.')],
    agrees,
  ))

test('tied weights that are stored with different values are not tied, as in transformers 5', async () => {
  const logits = async (
    change: (weights: Map<string, { shape: readonly number[]; data: Float32Array }>) => void,
  ) => {
    using model = await openChanged<import('../../lib/models/gpt2/gpt2.js').Gpt2>('gpt2-lm', {}, change)
    const { Tensor } = await import('../../lib/tensor/tensor.js')
    const { logits } = await model.run({ inputIds: Tensor.from([1, 2, 3], [1, 3], 'int64') })
    return Float32Array.from(await logits!.data())
  }
  const words = 'transformer.wte.weight'
  const plain = await logits(() => {})
  const doubled = await logits((weights) => {
    const { shape, data } = weights.get(words)!
    weights.set('lm_head.weight', { shape, data: data.map((value) => 2 * value) })
  })
  assert.equal(
    doubled,
    plain.map((value) => 2 * value),
  )
})

test('tensors outside the model are left out and listed; those inside it are not', async () => {
  const foreign = [one('classifier.weight'), one('cls2.dense.bias'), one('scale')]
  await withNames(
    'bert-model',
    (each) => [each],
    async (dir) => {
      await agrees(dir)
      using model = await load(dir)
      assert.equal(
        model.info.unused
          .filter(({ reason }) => reason.startsWith('outside the model'))
          .map(({ name }) => name),
        ['classifier.weight', 'cls2.dense.bias', 'scale'],
      )
    },
    foreign,
  )
  const cases = [
    ['bert-model', one('encoder.extra.weight')],
    ['vit-classifier', one('vit.extra.weight')],
    ['gpt2-lm', one('transformer.h.0.extra.weight')],
    // timm refuses every name that it does not know.
    ['timm-vit-token', one('fc_norm.weight')],
    ['timm-vit-token', one('attn_pool.latent')],
    ['timm-convnext', one('projector.weight')],
  ] as const
  for (const [name, tensor] of cases)
    await withNames(
      name,
      (each) => [each],
      (dir) => rejects(load(dir), 'TENSOR_UNEXPECTED', tensor.name),
      [tensor],
    )
})

test.run()
