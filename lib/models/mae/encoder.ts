import type { VitSpec } from '../vit/spec.js'

/** The parts of an encoder's spec that say it has no head: its class token is the pooled vector. */
export const noHead: Pick<VitSpec, 'head' | 'maskToken' | 'decoder'> = {
  head: {
    ...{ pooling: 'class', over: 'patches', poolingHidden: 0, norm: false, pooler: undefined, classes: 0 },
  },
  ...{ maskToken: false, decoder: undefined },
}
