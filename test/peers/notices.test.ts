import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { postWebhook } from '../../src/engine/notices/webhook-post.ts'
import type { Webhook } from '../../src/engine/notices/webhook-request.ts'
import { webhookRequest } from '../../src/engine/notices/webhook-request.ts'
import { run as runProcess } from '../../src/engine/process/process.ts'
import { newRunId } from '../../src/engine/runs/runs.ts'
import { startSeries } from '../../src/engine/runs/series.ts'
import { startEngine } from './engine.ts'
import { cleanups, linkTo, server as startServer } from './linked.ts'
import { makeRunHome, until, whenEnded } from './run-home.ts'
import { sshdMissing } from './sshd.ts'
import { startWebhookServer } from './webhook-server.ts'

const never = new AbortController().signal
const message = {
	id: 'run:r1',
	kind: 'run-ended' as const,
	title: 'Größe finished on lab',
	body: '38 min',
	project: 'nt',
	workstation: 'lab',
	run: 'r1',
	at: 1_700_000_000_000,
	urgent: false,
	covers: [],
}
const post = (url: string, format: Webhook['format'] = 'json', limitMs = 5000) =>
	postWebhook(url, webhookRequest(format, message), never, { now: () => 1_700_000_000_000, limitMs })

async function temporaryFolder(): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-notices-'))
	cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
	return folder
}

describe('one message to a real server', () => {
	test('as JSON', async () => {
		const server = await startWebhookServer()
		expect(await post(server.url)).toEqual({ taken: true })
		expect(server.received).toMatchObject([
			{
				method: 'POST',
				path: '/topic-that-nobody-guesses',
				headers: { 'content-type': 'application/json' },
			},
		])
		const { urgent: _urgent, covers: _covers, ...sent } = message
		expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(sent)
	})

	test('as ntfy takes it, with the login of the address', async () => {
		const server = await startWebhookServer()
		const url = server.url.replace('http://', 'http://me:p%40ss@')
		expect(await post(url, 'ntfy')).toEqual({ taken: true })
		expect(server.received).toMatchObject([
			{
				body: '38 min',
				headers: {
					authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
					'x-title': `=?UTF-8?B?${Buffer.from('Größe finished on lab').toString('base64')}?=`,
					'x-tags': 'white_check_mark',
					'x-priority': '3',
				},
			},
		])
	})

	test.each<[number, Record<string, string>, object]>([
		[200, {}, { taken: true }],
		[204, {}, { taken: true }],
		[500, {}, { said: 'HTTP 500', again: true, afterMs: null }],
		[503, { 'Retry-After': '120' }, { said: 'HTTP 503', again: true, afterMs: 120_000 }],
		[429, { 'Retry-After': 'Tue, 14 Nov 2023 22:14:20 GMT' }, { again: true, afterMs: 60_000 }],
		[429, { 'Retry-After': 'soon' }, { again: true, afterMs: null }],
		[404, {}, { said: 'HTTP 404', again: false }],
		[303, { Location: '/other' }, { said: 'HTTP 303', again: false }],
	])('answered with %d %j', async (status, headers, outcome) => {
		const server = await startWebhookServer()
		server.answer = (response) => response.writeHead(status, headers).end()
		expect(await post(server.url)).toMatchObject(outcome)
	})

	test('redirects are followed on the same server alone', async () => {
		const other = await startWebhookServer()
		const server = await startWebhookServer()
		server.answer = (response, { path }) => {
			if (path === '/moved') response.end()
			else response.writeHead(308, { Location: '/moved' }).end()
		}
		expect(await post(server.url)).toEqual({ taken: true })
		expect(server.received[1]).toMatchObject({ method: 'POST', body: server.received[0]?.body })
		for (const location of [
			other.url,
			'http://localhost:1/',
			'https://127.0.0.1/',
			'file:///etc/passwd',
			'//',
			'',
		]) {
			server.answer = (response) => response.writeHead(307, { Location: location }).end()
			expect(await post(server.url), location).toMatchObject({ taken: false, again: false })
		}
		expect(other.received).toEqual([])
		server.answer = (response) => response.writeHead(302, { Location: '/round' }).end()
		expect(await post(server.url)).toMatchObject({ taken: false, said: 'too many redirects' })
	})

	test('an answer without end is not read: it counts at its head, and the connection is closed', async () => {
		const server = await startWebhookServer()
		server.answer = (response) => {
			response.writeHead(200)
			const more = () => {
				while (!response.destroyed && response.write('x'.repeat(65_536)));
				if (!response.destroyed) response.once('drain', more)
			}
			more()
		}
		expect(await post(server.url)).toEqual({ taken: true })
		await vi.waitFor(() => expect(server.open()).toBe(0), 5000)
	})

	test('a server that is silent is let go, and so is one that is asked when all ends', async () => {
		const server = await startWebhookServer()
		server.answer = () => {}
		expect(await post(server.url, 'json', 300)).toMatchObject({ taken: false, again: true })
		await vi.waitFor(() => expect(server.open()).toBe(0), 5000)
		const ender = new AbortController()
		const going = postWebhook(server.url, webhookRequest('json', message), ender.signal, { now: Date.now })
		await vi.waitFor(() => expect(server.received).toHaveLength(2), 5000)
		ender.abort()
		expect(await going).toMatchObject({ taken: false })
	})

	test('a closed port, no such host, a server that hangs up, one that speaks something else', async () => {
		const server = await startWebhookServer()
		await server.stop()
		expect(await post(server.url)).toMatchObject({
			again: true,
			said: expect.stringContaining('ECONNREFUSED'),
		})
		expect(await post('http://nobody.invalid/')).toMatchObject({ taken: false, again: true })
		for (const words of ['', 'SSH-2.0-OpenSSH_9.2\r\n']) {
			const speaking = createServer((socket) => {
				socket.on('error', () => {})
				socket.end(words)
			})
			await new Promise<void>((done) => speaking.listen(0, '127.0.0.1', done))
			onTestFinished(() => void speaking.close())
			const { port } = speaking.address() as { port: number }
			expect(await post(`http://127.0.0.1:${port}/`)).toMatchObject({ taken: false, again: true })
		}
	})

	test('a certificate that nobody vouches for is refused, and nothing is sent', async () => {
		const folder = await temporaryFolder()
		const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
		const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1']
		await runProcess({ file: 'openssl', args: [...args, '-keyout', key, '-out', cert] })
		const tls = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
		const server = await startWebhookServer({ tls })
		expect(await post(server.url)).toMatchObject({
			taken: false,
			said: expect.stringContaining('self-signed'),
		})
		expect(server.received).toEqual([])
		const plain = await startWebhookServer()
		expect(await post(plain.url.replace('http:', 'https:'))).toMatchObject({ taken: false, again: true })
	})

	test('what a failure says holds nothing of the address but where it is', async () => {
		const server = await startWebhookServer()
		server.answer = (response) =>
			response.writeHead(307, { Location: 'http://elsewhere.invalid/secret-2' }).end()
		const said = [await post(server.url.replace('//', '//me:secret-1@'))]
		await server.stop()
		said.push(await post(server.url.replace('//', '//me:secret-1@')))
		expect(JSON.stringify(said)).not.toMatch(/secret|guesses|me:/)
	})
})

test('a webhook that refuses stands in the state until it takes one again, or is another', async () => {
	const hook = await startWebhookServer()
	hook.answer = (response) => response.writeHead(404).end()
	const dataFolder = await temporaryFolder()
	const configure = (url: string) =>
		writeFile(
			join(dataFolder, 'config.json'),
			JSON.stringify({ workstations: [], projects: [], notices: { webhook: { url } } }),
		)
	await configure(hook.url)
	// What an earlier engine left.
	const unsent = [{ ...message, queuedAt: Date.now() }]
	await writeFile(join(dataFolder, 'ledger.json'), JSON.stringify({ sent: ['run:r1'], unsent }))
	const engine = await startEngine({ dataFolder, resident: true })
	cleanups.push(() => engine.dispose())
	const found = await engine.until((state) => state.app.unsent)
	expect(found.problem).toMatchObject({
		code: 'webhook-failed',
		facts: { said: 'HTTP 404', host: `127.0.0.1:${hook.port}` },
	})
	expect(Date.now() - found.at).toBeLessThan(60_000)
	expect(JSON.stringify(engine.state().app)).not.toContain('guesses')
	hook.answer = (response) => response.end()
	await configure(`${hook.url}-2`)
	await engine.until((state) => (state.app.unsent ? undefined : true))
	await until(() => hook.received.length === 2)
})

describe.skipIf(sshdMissing)(`the engine${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	async function setUp() {
		const sshd = await startServer()
		const at = await makeRunHome({ home: sshd.home })
		cleanups.push(() => at.dispose())
		const link = linkTo(sshd)
		link.connect()
		await link.whenUp(15_000)
		const hook = await startWebhookServer()
		const dataFolder = await temporaryFolder()
		await writeFile(
			join(dataFolder, 'config.json'),
			JSON.stringify({
				workstations: [{ name: 'lab', ssh: sshd.ssh }],
				projects: [],
				notices: { webhook: { url: hook.url } },
			}),
		)
		const start = async () => {
			const engine = await startEngine({ dataFolder, resident: true })
			cleanups.push(() => engine.dispose())
			return engine
		}
		/** As if this laptop had started them. */
		const expects = (runs: string[]) =>
			writeFile(join(dataFolder, 'ledger.json'), JSON.stringify({ expected: runs }))
		const sent = () => hook.received.map(({ body }) => JSON.parse(body) as typeof message)
		return { at, link, hook, start, expects, sent, dataFolder }
	}

	test('runs that ended while no engine ran: one summary, sent once; the next engine tells none of them', async () => {
		const { at, link, start, expects, sent, hook } = await setUp()
		const runs = await Promise.all(
			['true', 'exit 3', 'echo token=hunter2; exit 1'].map((command) => at.start(link, command)),
		)
		await Promise.all(runs.map(({ id }) => whenEnded(link, id)))
		await expects(runs.map(({ id }) => id))
		// It takes nothing at first.
		hook.answer = (response) => response.writeHead(503).end()
		const first = await start()
		const notice = await first.until((state) => Object.values(state.notices)[0])
		expect(notice).toMatchObject({
			kind: 'several',
			title: '3 runs ended on lab',
			body: '1 finished, 2 failed',
		})
		expect(notice.covers.toSorted()).toEqual(runs.map(({ id }) => `run:${id}`).toSorted())
		await until(() => hook.received.length === 1)
		expect(await first.call('claimNotice', { notice: notice.id })).toEqual({ first: true })
		await first.dispose()
		hook.answer = (response) => response.end()
		const second = await start()
		await second.until((state) => runs.every(({ id }) => state.runs[id]))
		await until(() => hook.received.length === 2)
		await second.call('listRuns', {})
		expect(second.state().notices).toEqual({})
		await second.dispose()
		const third = await start()
		await third.until((state) => runs.every(({ id }) => state.runs[id]))
		await third.call('listRuns', {})
		expect(third.state().notices).toEqual({})
		expect(sent().map(({ id, title }) => [id, title])).toEqual(
			Array(2).fill([notice.id, '3 runs ended on lab']),
		)
	})

	test('a series that goes on while engines come and go: its failure at once, the rest once by the last', async () => {
		const { at, link, start, expects, sent } = await setUp()
		const awaits = (name: string) => `until [ -e ${name} ]; do sleep 0.05; done`
		const go = (name: string) => writeFile(join(at.folder, name), '')
		const series = newRunId('nt', Date.now())
		const requests = ['true', `${awaits('one')}; exit 3`, `${awaits('two')}`].map((command, place) => ({
			id: newRunId('nt', Date.now(), place),
			project: 'nt',
			workstation: 'lab',
			folder: at.folder,
			branch: 'gpu-validation',
			commit: 'abc',
			command,
			metrics: [],
			runner: 'detached' as const,
		}))
		const ids = requests.map(({ id }) => id)
		await expects(ids)
		await startSeries(link, requests, series)
		const first = await start()
		await first.until((state) => state.runs[ids[0] ?? '']?.outcome.status === 'succeeded')
		await go('one')
		const failure = await first.until((state) => Object.values(state.notices)[0])
		expect(failure).toMatchObject({ id: `run:${ids[1]}`, kind: 'run-ended' })
		expect(await first.call('claimNotice', { notice: failure.id })).toEqual({ first: true })
		await first.dispose()
		await go('two')
		await whenEnded(link, ids[2] ?? '')
		const second = await start()
		const rest = await second.until((state) => Object.values(state.notices)[0])
		expect(rest).toMatchObject({
			kind: 'several',
			title: '3 runs of nt ended on lab',
			body: expect.stringMatching(/^2 finished, 1 failed · /),
			covers: [`run:${ids[0]}`, `run:${ids[2]}`],
		})
		expect(await second.call('claimNotice', { notice: rest.id })).toEqual({ first: true })
		await until(() => sent().length === 2)
		await second.dispose()
		const third = await start()
		await third.until((state) => ids.every((id) => state.runs[id]))
		await third.call('listRuns', {})
		expect(third.state().notices).toEqual({})
		expect(sent().map(({ title }) => title)).toEqual([failure.title, rest.title])
	})

	test('a run that ends on a steady link: told and sent at once, without what it printed', async () => {
		const { at, link, start, expects, sent } = await setUp()
		const run = await at.start(link, 'until [ -e go ]; do sleep 0.05; done; echo token=hunter2; exit 4')
		await expects([run.id])
		const engine = await start()
		await engine.until((state) => {
			const lab = state.workstations.lab?.link
			return state.runs[run.id] && lab?.status === 'up' && Date.now() - lab.since > 2000
		})
		await writeFile(join(at.folder, 'go'), '')
		const notice = await engine.until((state) => Object.values(state.notices)[0])
		expect(notice).toMatchObject({ id: `run:${run.id}`, body: expect.stringContaining('token=hunter2') })
		await until(() => sent().length === 1)
		expect(sent()).toMatchObject([
			{ id: `run:${run.id}`, title: 'nt failed with exit code 4 on lab', project: 'nt', run: run.id },
		])
		expect(JSON.stringify(sent())).not.toMatch(/hunter2|\.hawser|tmp|home/)
	})

	test('looked at by a face: told to nobody, and looked at', async () => {
		const { at, link, start, expects, sent, dataFolder } = await setUp()
		const run = await at.start(link, 'until [ -e go ]; do sleep 0.05; done; exit 4')
		await expects([run.id])
		const engine = await start()
		await engine.until((state) => state.runs[run.id])
		await engine.call('lookAt', { run: run.id })
		await writeFile(join(at.folder, 'go'), '')
		const ended = await engine.until((state) => {
			const found = state.runs[run.id]
			return found && found.outcome.status !== 'running' && found.looked && found
		})
		expect(ended.outcome.status).toBe('failed')
		await engine.dispose()
		expect(engine.state().notices).toEqual({})
		expect(sent()).toEqual([])
		expect(JSON.parse(await readFile(join(dataFolder, 'ledger.json'), 'utf8')).told).toEqual([
			`run:${run.id}`,
		])
	})
})
