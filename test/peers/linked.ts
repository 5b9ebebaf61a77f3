import { text } from 'node:stream/consumers'
import { afterEach } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import type { LinkState } from '../../src/contract/state.ts'
import type { Link, RemoteProcess } from '../../src/engine/link/link.ts'
import { createLink, type LinkOptions } from '../../src/engine/link/live-link.ts'
import { type Sshd, type SshdOptions, startSshd } from './sshd.ts'

/** Links to servers of their own, for one test; all of it is gone after it. */

export const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

export async function server(options?: SshdOptions): Promise<Sshd> {
	const sshd = await startSshd(options)
	cleanups.push(() => sshd.stop())
	return sshd
}

export function linkTo(sshd: Sshd, options: Partial<LinkOptions> = {}): Link {
	const link = createLink({
		name: 'lab',
		ssh: sshd.ssh,
		backOff: { firstMs: 20, capMs: 200, steadyMs: 0, againMs: 20 },
		env: { ...process.env, SSH_AUTH_SOCK: undefined },
		...options,
	})
	cleanups.push(() => link.dispose())
	return link
}

export async function up(sshd: Sshd, options?: Partial<LinkOptions>): Promise<Link> {
	const link = linkTo(sshd, options)
	link.connect()
	await link.whenUp(15_000)
	return link
}

export function until(link: Link, wanted: (state: LinkState) => boolean): Promise<LinkState> {
	return new Promise((resolve) => {
		const look = (state: LinkState) => {
			if (!wanted(state)) return
			stop()
			resolve(state)
		}
		const stop = link.onState(look)
		look(link.state)
	})
}

export const codeOf = (work: Promise<unknown>) =>
	work.then(
		() => 'no problem',
		(error: unknown) => (error instanceof ProblemError ? error.problem.code : String(error)),
	)

export async function result(remote: RemoteProcess) {
	remote.stdin.end()
	const [stdout, stderr] = await Promise.all([text(remote.stdout), text(remote.stderr)])
	return { ...(await remote.exit), stdout, stderr }
}
