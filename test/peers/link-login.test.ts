import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import type { LoginQuestion } from '../../src/contract/state.ts'
import type { Link } from '../../src/engine/link/link.ts'
import { run } from '../../src/engine/process/process.ts'
import { ask, askingServer } from './asking-server.ts'
import { dialled, type Script } from './dial-request.ts'
import { codeOf, linkTo, server, until } from './linked.ts'
import { type Sshd, sshdMissing } from './sshd.ts'

if (sshdMissing) console.warn(`link-login: skipped, ${sshdMissing}`)

/** Runs the real ssh against the same server, as strict as can be. */
function realSsh(sshd: Sshd, command: string) {
	const { configFile = '', identityFile = '', knownHostsFile = '', user = '' } = sshd.ssh
	const strict = ['-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes']
	const files = ['-F', configFile, '-i', identityFile, '-o', `UserKnownHostsFile=${knownHostsFile}`]
	return run({
		file: 'ssh',
		args: [...strict, ...files, '-p', String(sshd.port), '-l', user, sshd.host, command],
	})
}

async function asked(sshd: Sshd, script?: Script) {
	const state = await dialled(sshd.ssh, script)
	if (state.end !== 'host-key') throw new Error(`not asked but ${state.end}`)
	expect(state.told.phases).toEqual(['host-key'])
	return state.error.asked
}

describe.skipIf(sshdMissing)('host keys', () => {
	test('an unknown key is asked about as ssh-keygen prints it; accepted, the real ssh takes it too', async () => {
		const sshd = await server({ known: 'none' })
		await writeFile(sshd.knownHostsFile, 'other.example ssh-ed25519 AAAA')
		const keep = await asked(sshd)
		const printed = await run({ file: 'ssh-keygen', args: ['-lf', join(sshd.folder, 'host_ed25519.pub')] })
		expect(keep).toMatchObject({ keyType: 'ssh-ed25519', fingerprint: printed.stdout.split(' ')[1] })
		expect((await dialled(sshd.ssh, { keep })).end).toBe('up')
		const file = await readFile(sshd.knownHostsFile, 'utf8')
		expect(file).toMatch(/^other\.example ssh-ed25519 AAAA\n\S+ ssh-ed25519 \S+\n$/)
		expect((await realSsh(sshd, 'echo in')).stdout).toBe('in\n')
	})

	test('kept hashed where the settings want it; one that the system’s ssh has is not kept here', async () => {
		const sshd = await server({ known: 'none' })
		await writeFile(sshd.ssh.configFile ?? '', 'HashKnownHosts yes\n')
		const keep = await asked(sshd)
		await asked(sshd, { keep: { ...keep, key: null } })
		expect(await readFile(sshd.knownHostsFile, 'utf8')).toBe('')
		expect((await dialled(sshd.ssh, { keep })).end).toBe('up')
		expect(await readFile(sshd.knownHostsFile, 'utf8')).toMatch(/^\|1\|/)
		expect((await realSsh(sshd, 'echo in')).stdout).toBe('in\n')
	})

	test('a changed key stops everything, for the real ssh too', async () => {
		const sshd = await server({ known: 'none' })
		const other = await server()
		await writeFile(sshd.knownHostsFile, `[127.0.0.1]:${sshd.port} ${other.hostKeys.ed25519}\n`)
		expect(await dialled(sshd.ssh)).toMatchObject({
			problem: {
				code: 'host-key-changed',
				needsPerson: true,
				facts: { file: sshd.knownHostsFile, line: 1 },
			},
		})
		await expect(realSsh(sshd, 'true')).rejects.toThrow()
	})

	test('a revoked key stops', async () => {
		const sshd = await server()
		await appendFile(sshd.knownHostsFile, `@revoked * ${sshd.hostKeys.ed25519}\n`)
		expect(await dialled(sshd.ssh)).toMatchObject({ problem: { code: 'host-key-revoked' } })
	})

	test('where a file lists revoked keys (RevokedHostKeys), which ssh2 cannot read, it is for the system’s ssh', async () => {
		const sshd = await server()
		const list = join(sshd.folder, 'revoked keys')
		await writeFile(list, `${sshd.hostKeys.ed25519}\n${sshd.hostKeys.ecdsa}\n`)
		await writeFile(sshd.ssh.configFile ?? '', `RevokedHostKeys "${list}"\n`)
		const reason = 'A file lists the host keys that are revoked (RevokedHostKeys)'
		expect(await dialled(sshd.ssh)).toMatchObject({ end: 'beyond', reason })
		await expect(realSsh(sshd, 'true')).rejects.toThrow()
	})

	test('a host known by its ecdsa key is asked for that one; hashed lines count', async () => {
		const sshd = await server({ known: 'ecdsa' })
		await run({ file: 'ssh-keygen', args: ['-H', '-f', sshd.knownHostsFile] })
		expect(await readFile(sshd.knownHostsFile, 'utf8')).toMatch(/^\|1\|/)
		expect((await dialled(sshd.ssh)).end).toBe('up')
	})

	test('what ssh-keyscan writes is known; so is a name of its own, and a host without its port', async () => {
		const sshd = await server({ known: 'none' })
		const scan = await run({ file: 'ssh-keyscan', args: ['-p', String(sshd.port), sshd.host] })
		await writeFile(sshd.knownHostsFile, scan.stdout)
		expect((await dialled(sshd.ssh)).end).toBe('up')
		await writeFile(sshd.knownHostsFile, `127.0.0.1 ${sshd.hostKeys.ed25519}\n`)
		expect((await dialled(sshd.ssh)).end).toBe('up')
		await writeFile(sshd.knownHostsFile, `the-lab ${sshd.hostKeys.ed25519}\n`)
		await asked(sshd)
		await writeFile(sshd.ssh.configFile ?? '', 'HostKeyAlias The-Lab\n')
		expect((await dialled(sshd.ssh)).end).toBe('up')
	})

	test('a host that only an authority knows is for the system’s ssh, unless its plain key is known too', async () => {
		const sshd = await server({ known: 'none' })
		await writeFile(sshd.knownHostsFile, `@cert-authority * ${sshd.hostKeys.ecdsa}\n`)
		const reason = '127.0.0.1 is known by a certificate authority alone'
		expect(await dialled(sshd.ssh)).toMatchObject({ end: 'beyond', reason })
		await appendFile(sshd.knownHostsFile, `[127.0.0.1]:${sshd.port} ${sshd.hostKeys.ed25519}\n`)
		expect((await dialled(sshd.ssh)).end).toBe('up')
	})

	test('several files are read; one that cannot be read stops', async () => {
		const sshd = await server()
		const { knownHostsFile, configFile = '', ...ssh } = sshd.ssh
		const empty = join(sshd.folder, 'my hosts')
		await writeFile(configFile, `UserKnownHostsFile "${empty}" "${knownHostsFile}"\n`)
		expect((await dialled({ ...ssh, configFile })).end).toBe('up')
		expect(await dialled({ ...sshd.ssh, knownHostsFile: sshd.folder })).toMatchObject({
			problem: { code: 'known-hosts-unreadable', facts: { file: sshd.folder } },
		})
	})
})

/** The question that the link puts to a person, another one than `before`. */
async function question(link: Link, before?: LoginQuestion): Promise<LoginQuestion> {
	let found: LoginQuestion | null = null
	await until(link, (now) => {
		found = now.status === 'login' && now.question?.id !== before?.id ? now.question : null
		return found !== null
	})
	if (!found) throw new Error('no question')
	return found
}

describe.skipIf(sshdMissing)('what the link asks a person', () => {
	test('a host key: declined it stops, tried again it is asked again, accepted it is up', async () => {
		const sshd = await server({ known: 'none' })
		const link = linkTo(sshd)
		link.connect()
		const shown = async () => {
			const state = await until(link, (now) => now.status === 'host-key' && now.question !== null)
			return state.status === 'host-key' ? (state.question?.fingerprint ?? '') : ''
		}
		const fingerprint = await shown()
		expect(await codeOf(link.whenUp(1000))).toBe('host-key-unknown')
		expect(() => link.answerHostKey('SHA256:another', true)).toThrow(ProblemError)
		link.answerHostKey(fingerprint, false)
		expect(link.state).toMatchObject({ status: 'stopped', problem: { code: 'host-key-unknown' } })
		expect(await readFile(sshd.knownHostsFile, 'utf8')).toBe('')
		link.retry()
		link.answerHostKey(await shown(), true)
		await link.whenUp(10_000)
	})

	test('a passphrase: a wrong one is asked for again, the right one is used again by itself', async () => {
		const sshd = await server()
		await run({ file: 'ssh-keygen', args: ['-q', '-p', '-N', 'right', '-f', sshd.identityFile] })
		const link = linkTo(sshd)
		link.connect()
		const first = await question(link)
		expect(first).toMatchObject({ kind: 'passphrase', file: sshd.identityFile, again: false })
		link.answerLogin(first.id, ['wrong'], false)
		const second = await question(link, first)
		expect(second).toMatchObject({ kind: 'passphrase', again: true })
		link.answerLogin(second.id, ['right'], false)
		await until(link, ({ status }) => status === 'up')
		await sshd.stopConnections()
		await until(link, ({ status }) => status !== 'up')
		const after = await until(link, ({ status }) => status === 'up' || status === 'login')
		expect(after).not.toHaveProperty('question.kind')
		await link.whenUp(10_000)
	})

	test('the server’s own questions, while it waits; given up it stops', async () => {
		const sshd = await server()
		const asking = await askingServer((context, _connection, self) => {
			const code = { prompts: [{ prompt: 'Code: ', echo: true }], answers: ['1'] }
			if (context.method === 'keyboard-interactive') ask(context, self, [code])
			else context.reject(['keyboard-interactive'])
		})
		await appendFile(sshd.knownHostsFile, asking.known)
		const link = linkTo(sshd, { ssh: { ...sshd.ssh, port: asking.port } })
		link.connect()
		const given = await question(link)
		expect(given).toMatchObject({ kind: 'prompts', prompts: [{ text: 'Code: ', hidden: false }] })
		link.answerLogin(given.id, null, false)
		const stopped = await until(link, ({ status }) => status === 'stopped')
		expect(stopped).toMatchObject({ problem: { code: 'login-unanswered' } })
		link.retry()
		link.answerLogin((await question(link, given)).id, ['1'], false)
		await link.whenUp(10_000)
	})

	test('a refused login stops and is not tried again by itself', async () => {
		const sshd = await server()
		const stranger = await server()
		const link = linkTo(sshd, { ssh: { ...sshd.ssh, identityFile: stranger.identityFile } })
		link.connect()
		await until(link, ({ status }) => status === 'stopped')
		link.retry()
		expect(link.state).toMatchObject({ status: 'dialling', attempt: 1 })
		expect(await codeOf(link.whenUp(10_000))).toBe('login-refused')
	})
})
