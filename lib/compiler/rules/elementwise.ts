import type { Elementwise } from '../../graph/record/elementwise.js'
import { direct, type OpRules } from './rule.js'

export const elementwise: OpRules<Elementwise> = {
  fill: { dtype: 'keeps', features: false, lower: direct(({ parameters }) => [parameters.value]) },
  copy: { dtype: 'keeps', features: false, lower: direct() },
  unary: {
    dtype: 'follows',
    features: false,
    lower: direct(({ parameters }, target) => [target.unary(parameters.kind), parameters.parameter]),
  },
  binary: {
    dtype: 'follows',
    features: false,
    lower: direct(({ parameters }, target) => [target.binary(parameters.kind)]),
  },
  where: { dtype: 'moves', features: false, lower: direct() },
}
