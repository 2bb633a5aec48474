import type { TypeRules } from './rule.js'

/** Which keys a query sees. `mask`, `keyLength`: whether there are such operands, in this order. */
type Restrictions = {
  readonly scale: number
  readonly causal: boolean
  /** 0 for none. */
  readonly window: number
  /** Added to the scores, of their shape [B, H, Nq, Nk]. */
  readonly mask: boolean
  /** int32 [B]. */
  readonly keyLength: boolean
}

export interface Attention {
  /** q [B, H, Nq, D], k [B, H, Nk, D], v [B, H, Nk, Dv]: [B, H, Nq, Dv]. */
  attention: Restrictions
  /** q [B, H, R, D], rows `first` to `first` + R of `queries`, and k: [B, H, R, Nk]. */
  attentionWeights: Restrictions & { readonly first: number; readonly queries: number }
}

export const attention: TypeRules<Attention> = {
  attention: (_parameters, q, _k, v) => ({ dtype: q.dtype, shape: q.shape.with(3, v.shape[3]!) }),
  attentionWeights: (_parameters, q, k) => ({ dtype: q.dtype, shape: q.shape.with(3, k.shape[2]!) }),
}
