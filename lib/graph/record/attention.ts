import type { TypeRules } from './rule.js'

/** Which keys a query attends to. `mask`, `keyLength`: whether these operands follow, in this order. */
type Restrictions = {
  readonly scale: number
  readonly causal: boolean
  /** 0 for none. */
  readonly window: number
  /** [B, H, Nq, Nk], added to the scores. */
  readonly mask: boolean
  /** int32 [B], the number of valid keys. */
  readonly keyLength: boolean
}

export interface Attention {
  /** q [B, H, Nq, D], k [B, H, Nk, D], v [B, H, Nk, Dv]. Result [B, H, Nq, Dv]. */
  attention: Restrictions
  /** q [B, H, R, D], which are queries first..first + R - 1 of `queries`, and k. Result [B, H, R, Nk]. */
  attentionWeights: Restrictions & { readonly first: number; readonly queries: number }
}

export const attention: TypeRules<Attention> = {
  attention: (_parameters, q, _k, v) => ({ dtype: q.dtype, shape: q.shape.with(3, v.shape[3]!) }),
  attentionWeights: (_parameters, q, k) => ({ dtype: q.dtype, shape: q.shape.with(3, k.shape[2]!) }),
}
