// `npm start`: all the set-up a fresh clone needs, then the app. Plain JavaScript for any Node from 20 on:
// it installs the Node that runs the rest, which is start.ts.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { installDependencies, pinnedNode } from './dependencies.mjs'

installDependencies()
const rest = fileURLToPath(new URL('./start.ts', import.meta.url))
const child = spawn(pinnedNode(), [rest, ...process.argv.slice(2)], { stdio: 'inherit' })
// Ctrl-C reaches the child by the terminal; what is sent to this process alone is handed on.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('exit', (code) => process.exit(code ?? 1))
