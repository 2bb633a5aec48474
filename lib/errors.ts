import { inspect } from 'node:util'

/**
 * Every code a {@link SaccadeError} can carry. Codes are part of the public face: they never change meaning,
 * so programs may branch on them.
 */
export const errorCodes = [
  'ABORTED', // the AbortSignal of the call fired
  'ARCHITECTURE_UNSUPPORTED', // config names a model this version does not have
  'CACHE_UNWRITABLE', // the cache of downloaded models cannot be written: no permission, a full disk
  'CONFIG_INVALID', // config.json (or another JSON of the folder) is missing, unreadable, or holds a bad value
  'DEVICE_MISMATCH', // data of two devices in one computation
  'DEVICE_UNAVAILABLE', // the asked device is not there, or not built in
  'DISPOSED', // a tensor or model was used after dispose()
  'DOWNLOAD_FAILED', // the Hub did not answer, or with something that is not the file; see FILE_NOT_FOUND
  'DTYPE_MISMATCH', // an op or a model got another element type than it takes
  'EMPTY_BATCH', // nothing to run on
  'FILE_NOT_FOUND', // a folder or file is missing, here or on the Hub (which says the same where a token is needed)
  'IMAGE_INVALID', // not an image, or one that cannot be decoded
  'IMAGE_TOO_LARGE', // more pixels than the limit
  'INDEX_OUT_OF_RANGE', // an index past the end of an axis or table
  'INPUT_INVALID', // an input of the wrong kind
  'INTERNAL', // a bug of saccade: please report
  'NATIVE_UNAVAILABLE', // the addon could not be loaded
  'LIMIT_EXCEEDED', // a file or an argument asks for more than a limit (see setLimits)
  'OPTION_INVALID', // an option with a bad value
  'OPTION_UNKNOWN', // an option that does not exist
  'OUT_OF_MEMORY', // an allocation failed, or would pass the limit
  'PICKLE_FORBIDDEN', // a .pth file needs code that the restricted reader does not know
  'SHAPE_MISMATCH', // wrong rank or size
  'TASK_UNSUPPORTED', // pipeline() was asked for a task it does not have, or the model cannot do it
  'TENSOR_MISSING', // a weight that the model needs is not in the checkpoint
  'TENSOR_UNEXPECTED', // the checkpoint has a weight that the model does not use
  'TEXT_TOO_LONG', // more tokens than the model has positions
  'TOKENIZER_INVALID', // tokenizer files are missing, corrupt or of an unknown kind
  'TOKEN_OUT_OF_RANGE', // a token id outside the vocabulary
  'WEIGHTS_CORRUPT', // a weights file that breaks its format
] as const

export type SaccadeErrorCode = (typeof errorCodes)[number]

/**
 * The one error type of saccade. `code` is stable; `message` names the file, key or shape at fault and says what
 * was expected; `cause` keeps the underlying error where there is one.
 */
export class SaccadeError extends Error {
  readonly code: SaccadeErrorCode

  constructor(code: SaccadeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'SaccadeError'
    this.code = code
  }
}

/**
 * The error for an argument, option or file entry that cannot be used. All such errors have this form.
 * @param what the argument, option, or file and key
 * @param expected what it can be, as a noun phrase: 'a whole number above 0'
 * @param got what it is: {@link show} of a value, or a description such as a shape
 */
export function invalid(
  code: SaccadeErrorCode,
  what: string,
  expected: string,
  got: string,
  options?: { cause?: unknown },
): SaccadeError {
  return new SaccadeError(code, `${what}: expected ${expected}, got ${shorten(got)}`, options)
}

const maxShownChars = 200
const maxShownItems = 50
const maxShownDepth = 3

/** A value as error messages show it: on one line, at most 200 characters, lists as [1, 2]. Never throws. */
export function show(value: unknown): string {
  try {
    return shorten(format(value, 0))
  } catch {
    // A proxy or a custom inspect function of the caller threw.
    return typeof value
  }
}

function format(value: unknown, depth: number): string {
  if (!Array.isArray(value))
    return inspect(value, { breakLength: Number.POSITIVE_INFINITY, maxStringLength: maxShownChars })
  if (depth === maxShownDepth) return '[…]'
  const items = Array.from(value.slice(0, maxShownItems), (item) => format(item, depth + 1))
  return `[${[...items, ...(value.length > maxShownItems ? ['…'] : [])].join(', ')}]`
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, ' ')
  return line.length > maxShownChars ? `${line.slice(0, maxShownChars - 1)}…` : line
}
