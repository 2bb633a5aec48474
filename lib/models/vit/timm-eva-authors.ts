import type { WeightReader } from '../../weights/reader.js'
import { commonNames, type VitNames } from './names.js'
import type { VitSpec } from './spec.js'

/**
 * The names of the authors of EVA-02 and DINOv3, in whose files timm's models are published too.
 * Source: `checkpoint_filter_fn` of timm/models/eva.py.
 */
export function fromAuthors(name: string): string {
  return name
    .replace(/\.ls([12])\.gamma$/, '.gamma_$1')
    .replace(/^storage_tokens$/, 'reg_token')
    .replace('.attn.inner_attn_ln.', '.attn.norm.')
    .replace('.mlp.ffn_ln.', '.mlp.norm.')
    .replace('.mlp.w12.', '.mlp.fc1.')
    .replace('.mlp.w1.', '.mlp.fc1_g.')
    .replace('.mlp.w2.', '.mlp.fc1_x.')
    .replace('.mlp.w3.', '.mlp.fc2.')
}

/** Whether a checkpoint is that of the authors of DINOv3. */
export function isAuthors(reader: WeightReader): boolean {
  return reader.has('blocks.0.attn.qkv.bias_mask')
}

/** The authors of DINOv3 store one bias of query, key and value, whose part for the key is not used. */
export function withoutKeyBias(spec: VitSpec): VitSpec {
  const { queryKeyValueBias: bias } = spec
  return bias === false ? spec : { ...spec, queryKeyValueBias: { query: true, key: false, value: true } }
}

/** @param biased whether the architecture has biases; timm has names with and without */
export function ignoreAuthors(reader: WeightReader, biased: boolean): void {
  reader.ignore(/\.bias_mask$/, 'which parts of a bias are used')
  reader.ignore(/^(local_cls_norm|projectors)\./, 'of the training, and left out by timm too')
  if (!biased) reader.ignore(/\.attn\.qkv\.bias$/, 'the architecture has no such bias, as in timm')
}

/** The names of the authors of DINOv3, after {@link fromAuthors}. */
export const authorsNames: VitNames = {
  ...commonNames,
  block(index) {
    const block = `blocks.${index}`
    return {
      ...commonNames.block(index),
      attentionScale: `${block}.gamma_1`,
      mlpGate: [`${block}.mlp.fc1_g`, `${block}.mlp.fc1_x`],
      mlpScale: `${block}.gamma_2`,
    }
  },
}
