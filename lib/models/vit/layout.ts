import { type Description, imageTasks, type Layout } from '../family.js'
import { checkSpec } from './check-spec.js'
import type { VitNames } from './names.js'
import type { VitSpec } from './spec.js'

/** Description of one vision Transformer. */
export interface VitDescription extends Description {
  readonly spec: VitSpec
  readonly names: VitNames
}

export type VitLayout = Layout<VitDescription>

/** Checks a description's spec and adds tasks and image size. @throws CONFIG_INVALID naming the file */
export function describeVit(
  file: string,
  description: Omit<VitDescription, 'tasks' | 'imageSize'>,
): VitDescription {
  const { spec } = description
  checkSpec(spec, file)
  const classifies = spec.head.classes > 0 && spec.head.pooling !== 'none'
  return { ...description, tasks: imageTasks(classifies), imageSize: [spec.channels, ...spec.image] }
}
