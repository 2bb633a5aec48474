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
    super(shortenWords(message), options)
    this.name = 'SaccadeError'
    this.code = code
  }

  /** What JSON.stringify writes: without it, an error has only its own enumerable fields there, and no message. */
  toJSON(): { name: string; code: SaccadeErrorCode; message: string } {
    const { name, code, message } = this
    return { name, code, message }
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
  return new SaccadeError(code, `${shortenMiddle(what)}: expected ${expected}, got ${shorten(got)}`, options)
}

/**
 * The error of one input of a batch, which names it. Errors of the whole call are returned as they are.
 * @param which the input: 'image 3'
 */
export function inBatch(error: unknown, which: string): unknown {
  if (!(error instanceof SaccadeError) || error.code === 'ABORTED') return error
  return new SaccadeError(error.code, `${which}: ${error.message}`, { cause: error.cause })
}

const maxShownChars = 200
const longWord = /\S{201,}/g
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

/** A path or a name from a caller or a file, at most 200 characters: its middle is left out. */
export function shortenMiddle(text: string): string {
  if (text.length <= maxShownChars) return text
  const half = Math.floor((maxShownChars - 1) / 2)
  return `${text.slice(0, half)}…${text.slice(-half)}`
}

/** Paths, URLs and keys come into messages in many ways; one without spaces is shortened here, whatever way it came. */
function shortenWords(message: string): string {
  return message.length <= maxShownChars ? message : message.replace(longWord, shortenMiddle)
}

/** Text of a file or a caller, such as a name, as error messages show it: on one line, at most 200 characters. */
export function shorten(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, ' ')
  return line.length > maxShownChars ? `${line.slice(0, maxShownChars - 1)}…` : line
}
