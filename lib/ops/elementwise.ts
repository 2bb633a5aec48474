import { invalid } from '../errors.js'
import type { DType } from '../graph/dtype.js'
import type { BinaryKind, UnaryKind } from '../graph/kinds.js'
import { GraphNode, type Node } from '../graph/node.js'
import { broadcastShapes, type Shape } from '../graph/shape.js'
import type { Broadcast, Fitting } from '../graph/shape-types.js'
import { expandNode } from '../graph/views.js'
import { checkOptions, optionInvalid } from '../options.js'
import { constantFull } from '../tensor/constant.js'
import { Tensor } from '../tensor/tensor.js'
import { type FloatTensor, makeTensor, nodeOf, requireDType, requireFloat, requireTensor } from './check.js'

/** Makes an element-wise function: float32 of any shape to the same shape. */
function unary(kind: UnaryKind, name: string = kind) {
  return <S extends Shape>(x: FloatTensor<S>): FloatTensor<S> => {
    requireFloat(x, name)
    return makeTensor(new GraphNode('unary', [nodeOf(x, name)], { kind, parameter: 0 }))
  }
}

function unaryWith<S extends Shape>(
  kind: UnaryKind,
  x: FloatTensor<S>,
  parameter: number,
  parameterName: string,
): FloatTensor<S> {
  requireFloat(x, kind)
  if (typeof parameter !== 'number' || Number.isNaN(parameter))
    optionInvalid(`${kind}: ${parameterName}`, parameter, 'a number')
  return makeTensor(new GraphNode('unary', [nodeOf(x, kind)], { kind, parameter }))
}

/** max(x, 0); NaN stays NaN. */
export const relu = unary('relu')
/** min(max(x, 0), 6), as in MobileNet. */
export const relu6 = unary('relu6')
/** x * sigmoid(1.702 x), the approximation of GELU in CLIP. */
export const quickGelu = unary('quickGelu')
/** x * sigmoid(x), also called swish. */
export const silu = unary('silu')
/** 1 / (1 + exp(-x)). */
export const sigmoid = unary('sigmoid')
/** The hyperbolic tangent. */
export const tanh = unary('tanh')
/** x * relu6(x + 3) / 6. */
export const hardSwish = unary('hardSwish')
/** relu6(x + 3) / 6. */
export const hardSigmoid = unary('hardSigmoid')
/** x * tanh(log(1 + exp(x))). */
export const mish = unary('mish')
/** log(1 + exp(x)). */
export const softplus = unary('softplus')
/** e to the power of x. */
export const exp = unary('exp')
/** The natural logarithm; NaN below 0. */
export const log = unary('log')
/** The square root; NaN below 0. */
export const sqrt = unary('sqrt')
/** 1 / sqrt(x). */
export const rsqrt = unary('rsqrt')
/** 1 / x. */
export const reciprocal = unary('reciprocal')
/** -x. */
export const neg = unary('negate', 'neg')
/** |x|. */
export const abs = unary('absolute', 'abs')
/** x * x. */
export const square = unary('square')
/** The error function. */
export const erf = unary('erf')
/** Sine of an angle in radians. */
export const sin = unary('sine', 'sin')
/** Cosine of an angle in radians. */
export const cos = unary('cosine', 'cos')
/** The largest whole number <= x. */
export const floor = unary('floor')
/** The smallest whole number >= x. */
export const ceil = unary('ceil')
/** The nearest whole number, halves to even. */
export const round = unary('round')

const geluExact = unary('gelu')
const geluTanh = unary('geluTanh', 'gelu')

/**
 * Gaussian error linear unit, x * P(X <= x) (Hendrycks & Gimpel 2016).
 * @param options.approximate 'none': exact, with erf; 'tanh': the tanh approximation (`gelu_new`, `gelu_pytorch_tanh`)
 */
export function gelu<S extends Shape>(
  x: FloatTensor<S>,
  options: { approximate?: 'none' | 'tanh' } = {},
): FloatTensor<S> {
  const { approximate = 'none' } = checkOptions(options, ['approximate'], 'gelu')
  if (approximate !== 'none' && approximate !== 'tanh')
    optionInvalid('gelu: approximate', approximate, "'none' or 'tanh'")
  return approximate === 'tanh' ? geluTanh(x) : geluExact(x)
}

/** x if x is positive, else slope * x. */
export function leakyRelu<S extends Shape>(x: FloatTensor<S>, slope = 0.01): FloatTensor<S> {
  return unaryWith('leakyRelu', x, slope, 'slope')
}

/** x if x is positive, else alpha * (exp(x) - 1). */
export function elu<S extends Shape>(x: FloatTensor<S>, alpha = 1): FloatTensor<S> {
  return unaryWith('elu', x, alpha, 'alpha')
}

/** True for elements of x that are false. */
export function logicalNot<S extends Shape>(x: Tensor<'bool', S>): Tensor<'bool', S> {
  requireDType(x, ['bool'], 'logicalNot')
  const [no, yes] = [0, 1].map((value) => expandNode(constantFull([], value, 'bool').node, x.shape))
  return makeTensor(new GraphNode('where', [nodeOf(x, 'logicalNot'), no!, yes!], {}))
}

type Broadcasting<R extends Shape> = Fitting<R, 'the shapes do not broadcast'>

/** Turns numbers among two operands into constants of the data type. */
function operandPair(a: Tensor | number, b: Tensor | number, dtype: DType): [Tensor, Tensor] {
  const asTensor = (x: Tensor | number) => (typeof x === 'number' ? constantFull([], x, dtype) : x)
  return [asTensor(a), asTensor(b)]
}

/** The node of an operand, broadcast to a shape. */
function broadcast(x: Tensor, shape: Shape, what: string): Node {
  return expandNode(nodeOf(x, what), shape)
}

/**
 * An element-wise function of two operands, which are broadcast as in NumPy; one of them may be a number.
 * Throws SHAPE_MISMATCH, DTYPE_MISMATCH, and INPUT_INVALID for a number that the other operand's type cannot represent.
 * `R` is the data type of the result, or 'same' for that of the operands.
 */
interface BinaryOp<Operand extends DType, R extends DType | 'same'> {
  <D extends Operand, A extends Shape>(a: Tensor<D, A>, b: number): Tensor<ResultType<D, R>, A>
  <D extends Operand, B extends Shape>(a: number, b: Tensor<D, B>): Tensor<ResultType<D, R>, B>
  <D extends Operand, A extends Shape, B extends Shape>(
    a: Tensor<D, A>,
    b: Tensor<NoInfer<D>, B> & Broadcasting<Broadcast<A, B>>,
  ): Tensor<ResultType<D, R>, Broadcast<A, B>>
}
type ResultType<D extends DType, R extends DType | 'same'> = R extends DType ? R : D

const numeric: readonly DType[] = ['float32', 'int32']

function binary<Operand extends DType, R extends DType | 'same'>(
  kind: BinaryKind,
  name: string,
  dtypes: readonly DType[],
): BinaryOp<Operand, R> {
  const op = (a: Tensor | number, b: Tensor | number): Tensor => {
    const tensor = a instanceof Tensor ? a : b
    requireTensor(tensor, name)
    const [left, right] = operandPair(a, b, tensor.dtype)
    for (const x of [left, right]) requireDType(x, dtypes, name)
    if (left.dtype !== right.dtype)
      throw invalid(
        'DTYPE_MISMATCH',
        name,
        `two tensors of one type (see cast)`,
        `${left.describe()} and ${right.describe()}`,
      )
    const shape = broadcastShapes(left.shape, right.shape, name)
    const operands = [broadcast(left, shape, name), broadcast(right, shape, name)]
    return makeTensor(new GraphNode('binary', operands, { kind }))
  }
  return op as BinaryOp<Operand, R>
}

const arithmetic = (kind: BinaryKind, name: string) =>
  binary<'float32' | 'int32', 'same'>(kind, name, numeric)
const comparison = (kind: BinaryKind, name: string) =>
  binary<'float32' | 'int32', 'bool'>(kind, name, numeric)
const logical = (kind: BinaryKind, name: string) => binary<'bool', 'bool'>(kind, name, ['bool'])

/** a + b. */
export const add = arithmetic('add', 'add')
/** a - b. */
export const sub = arithmetic('subtract', 'sub')
/** a * b, element by element. */
export const mul = arithmetic('multiply', 'mul')
/** a / b, float32. */
export const div = binary<'float32', 'same'>('divide', 'div', ['float32'])
/** max(a, b); NaN if either is NaN. */
export const maximum = arithmetic('maximum', 'maximum')
/** min(a, b); NaN if either is NaN. */
export const minimum = arithmetic('minimum', 'minimum')
/** a to the power of b, float32. */
export const pow = binary<'float32', 'same'>('power', 'pow', ['float32'])
/** a == b, bool; false if either is NaN. */
export const equal = comparison('equal', 'equal')
/** a != b, bool; true if either is NaN. */
export const notEqual = comparison('notEqual', 'notEqual')
/** a < b, bool. */
export const less = comparison('less', 'less')
/** a <= b, bool. */
export const lessEqual = comparison('lessEqual', 'lessEqual')
/** a > b, bool. */
export const greater = comparison('greater', 'greater')
/** a >= b, bool. */
export const greaterEqual = comparison('greaterEqual', 'greaterEqual')
/** a && b. */
export const logicalAnd = logical('logicalAnd', 'logicalAnd')
/** a || b. */
export const logicalOr = logical('logicalOr', 'logicalOr')

/** a where the condition is true, else b. The operands are broadcast; a and b may be numbers (float32 if both are). */
export function where<C extends Shape>(condition: Tensor<'bool', C>, a: number, b: number): FloatTensor<C>
export function where<D extends DType, C extends Shape, A extends Shape>(
  condition: Tensor<'bool', C>,
  a: Tensor<D, A> & Broadcasting<Broadcast<C, A>>,
  b: number,
): Tensor<D, Broadcast<C, A>>
export function where<D extends DType, C extends Shape, B extends Shape>(
  condition: Tensor<'bool', C>,
  a: number,
  b: Tensor<D, B> & Broadcasting<Broadcast<C, B>>,
): Tensor<D, Broadcast<C, B>>
export function where<D extends DType, C extends Shape, A extends Shape, B extends Shape>(
  condition: Tensor<'bool', C>,
  a: Tensor<D, A>,
  b: Tensor<NoInfer<D>, B> & Broadcasting<Broadcast<C, Broadcast<A, B>>>,
): Tensor<D, Broadcast<C, Broadcast<A, B>>>
export function where(condition: Tensor<'bool'>, a: Tensor | number, b: Tensor | number): Tensor {
  requireDType(condition, ['bool'], 'where')
  const dtype = a instanceof Tensor ? a.dtype : b instanceof Tensor ? b.dtype : 'float32'
  const [left, right] = operandPair(a, b, dtype)
  requireTensor(left, 'where')
  requireTensor(right, 'where')
  if (left.dtype !== right.dtype)
    throw invalid(
      'DTYPE_MISMATCH',
      'where',
      `two tensors of one type (see cast)`,
      `${left.describe()} and ${right.describe()}`,
    )
  const shape = broadcastShapes(condition.shape, broadcastShapes(left.shape, right.shape, 'where'), 'where')
  const operands = [condition, left, right].map((x) => broadcast(x, shape, 'where'))
  return makeTensor(new GraphNode('where', operands, {}))
}
