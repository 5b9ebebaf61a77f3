#!/usr/bin/env node
// What `dist/cli.mjs` is: plain JavaScript for any Node from 20 on. The program beside it needs a newer one,
// so it runs on the Node that npm brought where this one is too old.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const needed = 24
const dist = dirname(fileURLToPath(import.meta.url))
const program = join(dist, 'cli-program.mjs')
const pinned = join(dist, '..', 'node_modules', '.bin', 'node')

if (Number(process.versions.node.split('.')[0]) >= needed) await import(pathToFileURL(program).href)
else if (existsSync(pinned)) {
	const child = spawn(pinned, [program, ...process.argv.slice(2)], { stdio: 'inherit' })
	// Ctrl-C reaches the child by the terminal; what is sent to this process alone is handed on.
	process.on('SIGINT', () => {})
	for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
	child.on('exit', (code) => process.exit(code ?? 1))
} else {
	console.error(`Hawser needs Node ${needed} or newer; this is ${process.versions.node}.`)
	process.exitCode = 1
}
