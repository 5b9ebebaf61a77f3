import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import { UnknownHostKey } from '../../src/engine/link/host-keys.ts'
import type { OpensshConnection } from '../../src/engine/link/openssh/connection.ts'
import { dialOpenssh } from '../../src/engine/link/openssh/dial.ts'
import { resolveSettings, type SshConfig } from '../../src/engine/link/settings.ts'
import { dialRequest, type Script } from './dial-request.ts'
import type { Sshd } from './sshd.ts'

/** Connections of the system's ssh, for one test; afterwards nothing of them may be left. */

/** Private folders are made here: other tests run beside these. */
const place = mkdtempSync(join(tmpdir(), 'hawser-bed-'))
process.env.TMPDIR = place
afterAll(() => rmSync(place, { recursive: true, force: true }))

const open = new Set<OpensshConnection>()
afterEach(async () => {
	for (const connection of open) await connection.close()
	open.clear()
	expect(leftovers()).toEqual({ folders: [], processes: [] })
})

/** What belongs to this process alone: private folders, and processes that name them or have them in their surroundings. */
export function leftovers(): { folders: string[]; processes: string[] } {
	const folders = readdirSync(place).filter((name) => name.startsWith('hawser-ssh-'))
	if (process.platform !== 'linux') return { folders, processes: [] }
	const processes = readdirSync('/proc').flatMap((pid) => {
		if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
		try {
			const parts = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
			const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
			const ours = parts.includes(tag) && /(^|\/)(ssh|sh|cat|master|askpass)\b/.test(line)
			return ours ? [`${pid} ${line}`] : []
		} catch {
			return []
		}
	})
	return { folders, processes }
}

/** In the surroundings of every process that a dial of this file starts. */
const tag = `HAWSER_TEST_TAG=${process.pid}-${Date.now()}`
const [tagName = '', tagValue = ''] = tag.split('=')

export function wish(ssh: SshConfig, script: Script & { env?: NodeJS.ProcessEnv } = {}) {
	const { env, ...rest } = script
	const made = dialRequest(ssh, rest)
	made.request.around.env = { ...made.request.around.env, ...env, [tagName]: tagValue }
	return made
}

export async function dialWith({ request, told }: ReturnType<typeof wish>) {
	const settings = await resolveSettings(request.ssh, request.around, request.signal)
	const connection = (await dialOpenssh(settings, request, 'The test wants it')) as OpensshConnection
	open.add(connection)
	return { connection, told }
}

export const up = (ssh: SshConfig, script?: Parameters<typeof wish>[1]) => dialWith(wish(ssh, script))

/** The problem of a dial that fails, or the key that it asks about. */
export async function failing(ssh: SshConfig, script?: Parameters<typeof wish>[1]) {
	const made = wish(ssh, script)
	const error: unknown = await dialWith(made).then(
		() => null,
		(thrown) => thrown,
	)
	if (error instanceof ProblemError) return { problem: error.problem, told: made.told }
	if (error instanceof UnknownHostKey) return { asked: error.asked, told: made.told }
	throw error ?? new Error('it came up')
}

/** The same server, as it is known at another port: a proxy's. */
export async function throughPort(sshd: Sshd, port: number): Promise<SshConfig> {
	await appendFile(sshd.knownHostsFile, `[127.0.0.1]:${port} ${sshd.hostKeys.ed25519}\n`)
	return { ...sshd.ssh, port }
}
