import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { ProblemError } from '../contract/client.ts'
import { problem } from '../engine/problems.ts'
import { serveWeb } from '../web/server.ts'
import { exitCodes } from './exit-codes.ts'
import { note, print, printJsonLine } from './report.ts'
import { type Cli, type Doors, withEngine } from './session.ts'

interface ServeOptions {
	port?: number
	open: boolean
	json?: boolean
}

export function addServe(program: Command, cli: Cli): void {
	program
		.command('serve')
		.description('serve the window on 127.0.0.1 until Ctrl-C')
		.option('--port <port>', 'the port to listen on; a free one when left out', parsePort)
		.option('--no-open', 'do not open the browser')
		.option('--json', 'print the address as JSON')
		.action((options: ServeOptions) =>
			withEngine(cli, { json: options.json, resident: true, endsByInterrupt: true }, async (session) => {
				const { attachment, interrupted, io } = session
				const { serveFace } = attachment
				const rendererFolder = builtWindow(cli.doors)
				const server = await serveWeb({ serveFace, port: options.port ?? 0, rendererFolder })
				const stopped = new Promise<void>((settle) => {
					if (interrupted.aborted) settle()
					interrupted.addEventListener('abort', () => settle(), { once: true })
					session.client.onClose(settle)
				})
				try {
					if (options.json) printJsonLine(io, { url: server.url, port: server.port })
					else print(io, server.url)
					if (options.open && hasDisplay(io.env))
						await cli.doors
							.openBrowser(server.url)
							.catch(() => note(io, 'No browser opened: open the address above.'))
					await stopped
				} finally {
					await server.close()
				}
				return exitCodes.done
			}),
		)
}

function parsePort(text: string): number {
	const port = Number(text)
	if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be between 0 and 65535.')
	return port
}

/** A browser needs a screen; over SSH it would open on the wrong machine. */
function hasDisplay(env: NodeJS.ProcessEnv): boolean {
	if (env.DISPLAY || env.WAYLAND_DISPLAY) return true
	return process.platform === 'darwin' && !env.SSH_CONNECTION
}

/** @throws ProblemError `window-missing` */
function builtWindow({ rendererFolders }: Doors): string {
	const built = rendererFolders.find((folder) => existsSync(join(folder, 'index.html')))
	if (built) return built
	throw new ProblemError(problem('window-missing', { file: join(rendererFolders[0] ?? '', 'index.html') }))
}
