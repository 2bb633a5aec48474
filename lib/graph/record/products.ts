import type { DType } from '../dtype.js'
import type { Activation, Precision } from '../kinds.js'
import { broadcastShapes } from '../shape.js'
import type { NoParameters, Pair, TensorType, TypeRules } from './rule.js'
import type { Window } from './windows.js'

/** The epilogue of a product, applied while the result is in registers: activation(a @ b + bias) + residual. */
export type Epilogue = {
  readonly activation: Activation | 'identity'
  /** Whether these operands follow the weights, in this order. */
  readonly bias: boolean
  readonly residual: boolean
}

/** Matrix products and convolutions: first the ops of users' graphs, then those that the compiler replaces them with. */
export interface Products {
  /** [..., M, K] @ [..., K, N]; leading axes are broadcast. */
  matmul: NoParameters
  /** x [N, H, W, C] and weight [O, C / groups, kh, kw]. */
  conv2d: Window & { readonly groups: number }

  /** A matrix [batch, K, N] of any float type in the layout that products read. */
  pack: { readonly precision: Precision }
  /** Rows [batch, M, K] as int8 with a scale for each row, in a layout that gemm reads. */
  quantize: NoParameters
  /** a [batch, M, K], possibly quantised, and packed weights [1 or batch, K, N]. */
  gemm: Epilogue
  /** x and packed weights [groups, kh * kw * C / groups, O / groups]. */
  convolution: Window & Epilogue & { readonly kernel: Pair; readonly groups: number }
  /** x and weights [kh, kw, C]: a filter for each channel. */
  depthwise: Window & Epilogue & { readonly residual: false }
}

export const products: TypeRules<Products> = {
  matmul: (_parameters, a, b) => {
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul')
    return { dtype: a.dtype, shape: [...batch, a.shape.at(-2)!, b.shape.at(-1)!] }
  },
  conv2d: ({ outputSize }, x, weight) => images(x, outputSize, weight.shape[0]!),
  pack: (_parameters, { shape }) => ({ dtype: 'float32', shape }),
  quantize: (_parameters, { shape }) => ({ dtype: 'uint8', shape }),
  gemm: (_parameters, a, weight) => ({ dtype: sumType(a), shape: a.shape.with(2, weight.shape[2]!) }),
  convolution: ({ outputSize, groups }, x, weight) => images(x, outputSize, groups * weight.shape[2]!),
  depthwise: ({ outputSize }, x) => images(x, outputSize, x.shape[3]!),
}

function images({ dtype, shape }: TensorType, outputSize: Pair, channels: number): TensorType {
  return { dtype, shape: [shape[0]!, ...outputSize, channels] }
}

/** Sums of quantised rows are scaled back to float32. */
function sumType({ dtype }: TensorType): DType {
  return dtype === 'uint8' ? 'float32' : dtype
}
