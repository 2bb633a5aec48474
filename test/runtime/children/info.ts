// Prints what the loader found.
import { loadNative } from '../../../lib/runtime/binding.js'

const binding = loadNative()
console.log('native' in binding ? JSON.stringify(binding.native.info()) : binding.failure)
