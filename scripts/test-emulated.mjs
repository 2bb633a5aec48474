// Verifies small stored cases of several families on the emulated GPU: the road from JavaScript to kernels of CUDA, on a
// machine without a GPU.
//
//   node scripts/test-emulated.mjs [CASE...]
import { join } from 'node:path'
import { buildEmulated } from './build-emulated.mjs'
import { root, run } from './native.mjs'

// Attention with masks, caches and windows; convolutions dense, grouped and depthwise; pooling, group norm, generation.
const cases = [
  ...['bert-model', 'gpt2-lm', 'marian-mt', 'clip-gelu', 'swin', 'beit-seg', 'dinov2-swiglu', 'timm-vit-map'],
  ...['convnext-v2', 'resnet-bottleneck', 'bit-preactivation', 'segformer', 'dpt-add', 'preprocess'],
]

const chosen = process.argv.length > 2 ? process.argv.slice(2) : cases
const folders = chosen.map((name) => join('test/data/goldens', name))
process.exitCode =
  buildEmulated() ||
  run(process.execPath, ['--import', 'tsx', 'bin/saccade.js', 'verify', '--device', 'cuda', ...folders], {
    env: { ...process.env, SACCADE_CUDA_EMULATE: '1' },
  })
