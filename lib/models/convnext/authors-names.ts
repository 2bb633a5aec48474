import { renameBy } from '../../weights/names.js'

/**
 * The names of facebookresearch/ConvNeXt and ConvNeXt-V2, in whose files timm's models are published too. timm's own names
 * stay as they are. Source: `checkpoint_filter_fn` of timm/models/convnext.py.
 */
export const fromAuthors = renameBy([
  [/^downsample_layers\.0\./, 'stem.'],
  [/^downsample_layers\.(\d+)\./, 'stages.$1.downsample.'],
  [/^(stages\.\d+)\.(\d+)\./, '$1.blocks.$2.'],
  [/\.dwconv\./, '.conv_dw.'],
  [/\.pwconv(\d)\./, '.mlp.fc$1.'],
  [/(?<!\.mlp)\.grn\.gamma$/, '.mlp.grn.weight'],
  [/(?<!\.mlp)\.grn\.beta$/, '.mlp.grn.bias'],
  [/^head\.(weight|bias)$/, 'head.fc.$1'],
  [/^norm\./, 'head.norm.'],
])
