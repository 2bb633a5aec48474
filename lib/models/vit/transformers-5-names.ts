import { type RenameRule, renameBy } from '../../weights/names.js'

/**
 * transformers 5 has other names in memory than in the files that save_pretrained() writes. A state dict that was saved by
 * hand has those of memory; from_pretrained() reads both, also mixed. Source: conversion_mapping.py of transformers.
 */
const attention: readonly RenameRule[] = [
  [/\.attention\.q_proj\./, '.attention.attention.query.'],
  [/\.attention\.k_proj\./, '.attention.attention.key.'],
  [/\.attention\.v_proj\./, '.attention.attention.value.'],
  [/\.attention\.o_proj\./, '.attention.output.dense.'],
]

/** The published name of a weight of ViT or DeiT. */
export const vitPublishedName = renameBy([
  [/(^|\.)layers\.(?=\d+\.)/, '$1encoder.layer.'],
  ...attention,
  [/\.mlp\.fc1\./, '.intermediate.dense.'],
  [/\.mlp\.fc2\./, '.output.dense.'],
])

/** The same for Dinov2. Gate and value of its gated MLP are two matrices in memory, whose names stay. */
export const dinov2PublishedName = renameBy([...attention, [/\.mlp\.down_proj\./, '.mlp.weights_out.']])
