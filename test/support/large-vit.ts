import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Sizes of ViT-B/16, less layers if asked. */
const width = 768
const hidden = 3072
const heads = 12
const classes = 1000

/**
 * A folder with a ViT-B/16 whose weights are all zero: a sparse file, made in no time, that costs as much to run as a
 * trained one.
 * @returns its path, and a function that removes it
 */
export function largeVit(layers = 12): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'saccade-vit-'))
  const config = {
    ...{
      model_type: 'vit',
      architectures: ['ViTForImageClassification'],
      hidden_act: 'gelu',
      layer_norm_eps: 1e-12,
    },
    ...{
      hidden_size: width,
      intermediate_size: hidden,
      num_attention_heads: heads,
      num_hidden_layers: layers,
    },
    ...{ image_size: 224, patch_size: 16, num_channels: 3, qkv_bias: true },
    id2label: Object.fromEntries(Array.from({ length: classes }, (_, id) => [id, `class ${id}`])),
  }
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config))
  const header: Record<string, unknown> = {}
  let end = 0
  for (const [name, shape] of Object.entries(shapes(layers))) {
    const start = end
    end += shape.reduce((size, dim) => size * dim, 4)
    header[name] = { dtype: 'F32', shape, data_offsets: [start, end] }
  }
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const file = join(dir, 'model.safetensors')
  writeFileSync(file, Buffer.concat([length, text]))
  truncateSync(file, 8 + text.length + end)
  return { dir, remove: () => rmSync(dir, { recursive: true }) }
}

function shapes(layers: number): Record<string, number[]> {
  const all: Record<string, number[]> = {
    'vit.embeddings.cls_token': [1, 1, width],
    'vit.embeddings.position_embeddings': [1, 197, width],
    'vit.embeddings.patch_embeddings.projection.weight': [width, 3, 16, 16],
    'vit.embeddings.patch_embeddings.projection.bias': [width],
    'vit.layernorm.weight': [width],
    'vit.layernorm.bias': [width],
    'classifier.weight': [classes, width],
    'classifier.bias': [classes],
  }
  const linear = (name: string, outputs: number, inputs: number) => {
    all[`${name}.weight`] = [outputs, inputs]
    all[`${name}.bias`] = [outputs]
  }
  for (let layer = 0; layer < layers; layer++) {
    const scope = `vit.encoder.layer.${layer}`
    for (const part of ['query', 'key', 'value']) linear(`${scope}.attention.attention.${part}`, width, width)
    linear(`${scope}.attention.output.dense`, width, width)
    linear(`${scope}.intermediate.dense`, hidden, width)
    linear(`${scope}.output.dense`, width, hidden)
    for (const norm of ['layernorm_before', 'layernorm_after'])
      for (const part of ['weight', 'bias']) all[`${scope}.${norm}.${part}`] = [width]
  }
  return all
}
