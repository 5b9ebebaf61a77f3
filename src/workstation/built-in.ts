import { join, resolve } from 'node:path'
import { builtInName } from '../contract/config.ts'
import type { BuiltIn, BuiltInAccess } from '../engine/built-in.ts'
import { demoProject, makeDemo } from './demo.ts'
import { environmentOf, makeHome, tidySockets } from './home.ts'
import { keyAt } from './keys.ts'
import { makePrivateFolder, readIfThere, writeWhole } from './private-files.ts'
import { listen, type RunningServer } from './server.ts'

const user = 'hawser'

/** The person's own SSH settings (jump hosts, agents) must not touch this one. */
const sshConfig = 'IdentitiesOnly yes\nIdentityAgent none\n'

/** The workstation that lives in `<dataFolder>/workstation`, with its demo in `<dataFolder>/demo`. */
export function createBuiltIn(dataFolder: string): BuiltIn {
	let server: RunningServer | null = null
	// Starts and stops take turns; a failure is its caller's alone.
	let turn: Promise<unknown> = Promise.resolve()
	const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
		const result = turn.then(task)
		turn = result.catch(() => {})
		return result
	}
	return {
		start: (say = () => {}) =>
			inTurn(async () => {
				const folder = join(resolve(dataFolder), 'workstation')
				const files = filesIn(folder)
				await makePrivateFolder(folder)
				say('Keys and home folder')
				const hostKey = await keyAt(files.hostKey, 'Hawser built-in workstation')
				const clientKey = await keyAt(files.clientKey, 'Hawser laptop')
				await makeHome(files.home)
				await makeDemo({ folder: join(resolve(dataFolder), 'demo'), home: files.home }, say)
				if (!server) {
					const port = Number((await readIfThere(files.port)) ?? 0)
					const settings = {
						hostKey: hostKey.privateKey,
						clientKey: clientKey.parsed,
						user,
						home: files.home,
					}
					server = await listen({ ...settings, env: await environmentOf(files.home) }, validPort(port))
				}
				await writeWhole(files.port, `${server.port}\n`)
				await writeWhole(files.sshConfig, sshConfig)
				await writeWhole(files.knownHosts, `[127.0.0.1]:${server.port} ${hostKey.publicLine}\n`)
				say(`Listening on 127.0.0.1, port ${server.port}`)
				return accessTo(server.port, files, resolve(dataFolder))
			}),
		stop: () =>
			inTurn(async () => {
				const running = server
				server = null
				await running?.close()
				if (running) await tidySockets(filesIn(join(resolve(dataFolder), 'workstation')).home)
			}),
	}
}

const validPort = (port: number) => (Number.isInteger(port) && port > 1023 && port < 65_536 ? port : 0)

const filesIn = (folder: string) => ({
	home: join(folder, 'home'),
	hostKey: join(folder, 'host_key'),
	clientKey: join(folder, 'client_key'),
	knownHosts: join(folder, 'known_hosts'),
	sshConfig: join(folder, 'ssh_config'),
	port: join(folder, 'port'),
})

function accessTo(port: number, files: ReturnType<typeof filesIn>, dataFolder: string): BuiltInAccess {
	return {
		ssh: {
			host: '127.0.0.1',
			user,
			port,
			identityFile: files.clientKey,
			knownHostsFile: files.knownHosts,
			configFile: files.sshConfig,
		},
		project: demoProject(builtInName, join(dataFolder, 'demo')),
	}
}
