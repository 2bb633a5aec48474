/**
 * Enumerations of op parameters. The addon numbers the same names (native/runtime/op.h). When the runtime loads the
 * addon, it checks that the addon has all of them.
 */

/** Functions of one element that a product can apply to its result while it is in registers. None takes a parameter. */
export const activations = [
  'relu',
  'gelu',
  'geluTanh',
  'quickGelu',
  'silu',
  'sigmoid',
  'tanh',
  'relu6',
  'hardSwish',
  'hardSigmoid',
  'mish',
  'softplus',
  'exp',
  'square',
] as const
export type Activation = (typeof activations)[number]

/** Functions of one element. */
export const unaryKinds = [
  ...activations,
  'leakyRelu',
  'elu',
  'log',
  'sqrt',
  'rsqrt',
  'reciprocal',
  'negate',
  'absolute',
  'erf',
  'sine',
  'cosine',
  'floor',
  'ceil',
  'round',
] as const
export type UnaryKind = (typeof unaryKinds)[number]

const activationNames: ReadonlySet<string> = new Set(activations)

export function isActivation(kind: UnaryKind): kind is Activation {
  return activationNames.has(kind)
}

/** Functions of two elements whose result is bool. */
const predicateKinds = [
  'equal',
  'notEqual',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
  'logicalAnd',
  'logicalOr',
] as const

/** Functions of two elements of the same data type. */
export const binaryKinds = [
  'add',
  'subtract',
  'multiply',
  'divide',
  'maximum',
  'minimum',
  'power',
  ...predicateKinds,
] as const
export type BinaryKind = (typeof binaryKinds)[number]

const predicateNames: ReadonlySet<string> = new Set(predicateKinds)

export function isPredicate(kind: BinaryKind): boolean {
  return predicateNames.has(kind)
}

export const reduceKinds = ['sum', 'mean', 'max', 'min', 'argmax', 'argmin'] as const
export type ReduceKind = (typeof reduceKinds)[number]

/** Statistics of a norm. layer: mean and variance; rms: root mean square. */
export type NormMode = 'layer' | 'rms'

export type PoolKind = 'max' | 'average'

/** Pillow's filters, in the order in which the kernel numbers them. */
export const filterKinds = ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const
export type FilterKind = (typeof filterKinds)[number]

/** How weights of products are stored. lib/compiler/dtype.ts chooses the types of activations accordingly. */
export const precisions = ['float32', 'bfloat16', 'float16', 'int8'] as const
export type Precision = (typeof precisions)[number]
