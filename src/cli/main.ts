#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import about from '../../package.json' with { type: 'json' }
import { realDoors } from './engine.ts'
import { processIo } from './process-io.ts'
import { main } from './program.ts'

/** How long what is still open may take to close by itself (ms). */
const farewell = 1000

process.exitCode = await main(
	process.argv.slice(2),
	processIo(),
	realDoors(about.version, fileURLToPath(import.meta.url)),
)
setTimeout(() => process.exit(), farewell).unref()
