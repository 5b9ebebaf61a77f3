import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { freePort } from '../peers/sshd.ts'
import type { Bed } from './bed.ts'

/** A person's own tools that hold a line open, as children with a local forward to the sshd. */

export function onPath(program: string): boolean {
	return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}

export interface Holder {
	/** Settles with the time at which it has noticed that its connection is gone. */
	noticed(): Promise<number>
	/** Settles with the time at which the forward carries again. */
	usable(): Promise<number>
	stop(): Promise<void>
}

const alive = ['-o', 'ServerAliveInterval=3', '-o', 'ServerAliveCountMax=2']
/** What ssh writes when it gives its connection up. */
const givenUp =
	/Timeout, server|closed by remote host|Connection (to .* closed|reset)|client_loop: send disconnect/

/** `file` with the arguments of `ssh`; autossh takes the same. */
export async function hold(bed: Bed, file: 'ssh' | 'autossh', env: NodeJS.ProcessEnv = {}): Promise<Holder> {
	const port = await freePort()
	const forward = [
		'-N',
		'-o',
		'ExitOnForwardFailure=yes',
		'-L',
		`127.0.0.1:${port}:127.0.0.1:${bed.sshd.port}`,
	]
	const first = file === 'autossh' ? ['-M', '0'] : []
	const child = spawn(file, [...first, ...forward, ...alive, ...bed.sshArgs], {
		stdio: ['ignore', 'ignore', 'pipe'],
		env: { ...process.env, ...env },
	})
	const gone = new Promise<void>((done) => child.once('close', () => done()))
	let waiting = Promise.withResolvers<number>()
	child.stderr.on('data', (data: Buffer) => {
		if (givenUp.test(data.toString())) waiting.resolve(performance.now())
	})
	void gone.then(() => waiting.resolve(performance.now()))
	return {
		noticed: async () => {
			waiting = Promise.withResolvers()
			return await waiting.promise
		},
		usable: async () => {
			while (!(await greets(port))) {
				if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}`)
				await new Promise((done) => setTimeout(done, 20))
			}
			return performance.now()
		},
		stop: async () => {
			child.kill('SIGTERM')
			await gone
		},
	}
}

/** Whether an SSH server greets through this local port, soon. */
function greets(port: number): Promise<boolean> {
	return new Promise((done) => {
		const socket = connect({ port, host: '127.0.0.1' })
		const settle = (yes: boolean) => {
			clearTimeout(timer)
			socket.destroy()
			done(yes)
		}
		const timer = setTimeout(() => settle(false), 1000)
		socket.once('data', () => settle(true))
		socket.once('error', () => settle(false))
		socket.once('close', () => settle(false))
	})
}
